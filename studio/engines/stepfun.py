"""StepFun's image API, and servers that copy it, another Easel among them."""

from collections.abc import Mapping
from dataclasses import replace

from studio.engines.dialects import STEPFUN, ResponseFormat
from studio.engines.fields import WireModel
from studio.engines.remote import MAX_IMAGE_BYTES, RemoteEngine


class StepfunEngine(RemoteEngine):
    name = "stepfun"

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        models: Mapping[str, WireModel],
        max_bytes: int = MAX_IMAGE_BYTES,
        response_format: ResponseFormat = "b64_json",
        user_agent: str = "easel",
    ) -> None:
        super().__init__(
            base_url=base_url,
            api_key=api_key,
            dialect=replace(STEPFUN, response_format=response_format),
            models=models,
            max_bytes=max_bytes,
            user_agent=user_agent,
        )
