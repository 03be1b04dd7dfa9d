"""How servers shaped like OpenAI's spell the image API: a row for each, and no code.

The facts are the servers' own request models. Errors are no part of it: `wire` reads every
shape that any of them uses. A new row needs its rules in tests/engines/strict_openai.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

SizeOrder = Literal["hxw", "wxh"]
ResponseFormat = Literal["", "b64_json", "url"]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The server's names for what is asked for; "" where it has none, and that is said then.

    `negative_mark`: what follows it in a prompt is a negative prompt to the server.
    `size_order` None leaves the order to the model. `response_format` "" asks for none, and
    takes what comes. `tells_seed`: the answer holds the seed; else one is picked here and sent.
    """

    title: str
    steps: str = ""
    cfg_scale: str = ""
    seed: str = ""
    negative_prompt: str = ""
    negative_mark: str = ""
    text_mode: str = ""
    style_reference: str = ""
    size_order: SizeOrder | None = "wxh"
    response_format: ResponseFormat = "b64_json"
    edits: bool = True
    image_part: str = "image"
    tells_seed: bool = False


STEPFUN = Dialect(
    title="StepFun",
    steps="steps",
    cfg_scale="cfg_scale",
    seed="seed",
    negative_prompt="negative_prompt",
    text_mode="text_mode",
    style_reference="style_reference",
    size_order=None,
    tells_seed=True,
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        # Its newer models refuse `response_format` and answer in base64, its older ones by url.
        "openai": Dialect(title="OpenAI", response_format=""),
        "vllm-omni": Dialect(
            title="vLLM-Omni",
            steps="num_inference_steps",
            cfg_scale="guidance_scale",
            seed="seed",
            negative_prompt="negative_prompt",
        ),
        "sglang": Dialect(
            title="SGLang",
            steps="num_inference_steps",
            cfg_scale="guidance_scale",
            seed="seed",
            negative_prompt="negative_prompt",
        ),
        "localai": Dialect(
            title="LocalAI", steps="step", seed="seed", negative_mark="|", edits=False
        ),
    }
)
