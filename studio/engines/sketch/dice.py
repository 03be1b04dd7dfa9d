"""Chance that repeats: the same words and seed throw the same numbers everywhere."""

import hashlib
import secrets

import numpy as np

LARGEST_SEED = 2**31 - 1


class Dice:
    """Each stage of a picture throws its own stream.

    So a word that adds rain does not move the mountains of a picture otherwise the same.
    """

    def __init__(self, *, words: str, seed: int) -> None:
        self.seed = seed
        self._root = f"{seed}\n{words}"

    def stream(self, stage: str) -> np.random.Generator:
        root = f"{self._root}\n{stage}".encode(errors="surrogatepass")
        digest = hashlib.sha256(root).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def pick_seed() -> int:
    return secrets.randbelow(LARGEST_SEED + 1)
