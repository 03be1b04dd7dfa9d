"""Servers shaped like OpenAI's: OpenAI's own, vLLM-Omni, SGLang, LocalAI."""

from collections.abc import Mapping

from studio.engines.dialects import DIALECTS
from studio.engines.fields import WireModel
from studio.engines.remote import MAX_IMAGE_BYTES, RemoteEngine


class OpenaiEngine(RemoteEngine):
    """`dialect` names a row of `dialects`."""

    name = "openai"

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        dialect: str,
        models: Mapping[str, WireModel],
        max_bytes: int = MAX_IMAGE_BYTES,
        user_agent: str = "easel",
    ) -> None:
        super().__init__(
            base_url=base_url,
            api_key=api_key,
            dialect=DIALECTS[dialect],
            models=models,
            max_bytes=max_bytes,
            user_agent=user_agent,
        )
