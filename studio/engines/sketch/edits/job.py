"""What an edit is told besides the photo."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Job:
    """`strength` 1 is a clear effect; `detail` 0..1 grows with steps; `words` as matched."""

    rng: np.random.Generator
    strength: float
    detail: float
    words: str = ""
    text: str = ""

    def gentler(self, by: float) -> "Job":
        return replace(self, strength=self.strength * by)
