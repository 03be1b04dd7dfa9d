"""A server as strict as StepFun's documentation, to run the engine or the whole product against.

    with StrictStepfun() as strict:                     in tests
        strict.faults.append("429-2")                   for the next image call
    python -m tests.engines.strict_stepfun --port 9000  as a program; the key is "strict-key"

`strict` says how the program is controlled.
"""

import argparse
import threading
from typing import Any

from tests.engines import strict_rules
from tests.engines.strict import Strict
from tests.engines.strict_rules import Wanted


class StrictStepfun(Strict):
    @property
    def variables(self) -> dict[str, str]:
        """What makes Easel ask this service."""
        return {"ENGINE": "stepfun", "STEP_API_KEY": self.key, "STEP_API_BASE": self.base_url}

    def check(self, operation: str, fields: dict[str, Any], upload: bytes | None) -> Wanted:
        return strict_rules.check(operation, fields, upload)

    def from_form(self, texts: dict[str, str]) -> dict[str, Any]:
        return strict_rules.from_form(texts)

    def complaint(self, kind: str, message: str) -> object:
        return {"error": {"message": message, "type": kind}}


def main() -> None:
    parser = argparse.ArgumentParser(description="A strict image service for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="strict-key")
    parser.add_argument("--delay-seconds", type=float, default=0.0)
    parser.add_argument("--late-seconds", type=float, default=5.0)
    options = vars(parser.parse_args())
    with StrictStepfun(keeps_images=False, **options) as strict:
        print(strict.base_url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("closing", flush=True)


if __name__ == "__main__":
    main()
