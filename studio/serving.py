"""Which engine makes which model: one engine for each server, shared by a process's threads."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from studio import catalog
from studio.catalog import Model
from studio.engines.contract import Engine, EngineError
from studio.engines.fields import WireModel


@dataclass(frozen=True, kw_only=True)
class Server:
    """What one engine is built for; models with an equal one share it."""

    engine: str
    address: str = ""
    dialect: str = ""
    key_variable: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        known = {
            "STEP_API_KEY": settings.STEP_API_KEY,
            "OPENAI_API_KEY": settings.OPENAI_API_KEY,
        }
        return known.get(self.key_variable) or os.environ.get(self.key_variable, "").strip()


def engine(model: str) -> Engine:
    """The one that makes this model. Raises EngineError if it left the catalog meanwhile."""
    try:
        return engines()[model]
    except KeyError as error:
        raise EngineError(f"The studio no longer has the model {model}.") from error


def server(model: str) -> Server:
    """Where this model is made; that of ENGINE for one that the catalog no longer has."""
    found = catalog.models().get(model)
    return _server_of(found) if found and found.engine else _server_of_setting()


def is_local() -> bool:
    """Whether any engine computes on this machine."""
    return any(each.is_local for each in engines().values())


@cache
def engines() -> Mapping[str, Engine]:
    """Every model's engine. Built before the workers fork, so that they share what it loads."""
    made_by: dict[Server, dict[str, Model]] = {}
    for name, model in catalog.models().items():
        made_by.setdefault(server(name), {})[name] = model
    found: dict[str, Engine] = {}
    for each, models in made_by.items():
        found |= dict.fromkeys(models, _build(each, models))
    return found


def _server_of(model: Model) -> Server:
    return Server(
        engine=model.engine,
        address=model.address,
        dialect=model.dialect,
        key_variable=model.key_variable,
        place=urlsplit(model.address).netloc,
    )


def _server_of_setting() -> Server:
    servers = {
        "stepfun": Server(
            engine="stepfun", address=settings.STEP_API_BASE, key_variable="STEP_API_KEY"
        ),
        "openai": Server(
            engine="openai",
            address=settings.OPENAI_API_BASE,
            dialect=settings.OPENAI_API_DIALECT,
            key_variable="OPENAI_API_KEY",
        ),
    }
    return servers.get(settings.ENGINE, Server(engine="sketch"))


def _build(at: Server, models: Mapping[str, Model]) -> Engine:
    """Imported here: a web process never calls an engine and need not carry its libraries."""
    wire_models = {name: _wire_model(model) for name, model in models.items()}
    if at.engine == "stepfun":
        from studio.engines.stepfun import StepfunEngine  # noqa: PLC0415

        return StepfunEngine(base_url=at.address, api_key=at.key, models=wire_models)
    if at.engine == "openai":
        from studio.engines.openai import OpenaiEngine  # noqa: PLC0415

        return OpenaiEngine(
            base_url=at.address, api_key=at.key, dialect=at.dialect, models=wire_models
        )
    from studio.engines.sketch import SketchEngine  # noqa: PLC0415

    return SketchEngine()


def _wire_model(model: Model) -> WireModel:
    return WireModel(
        upstream_name=model.upstream_name,
        size_order="hxw" if model.size_order == "height x width" else "wxh",
        sends_edit_size=bool(model.sizes("edit")),
        default_cfg_scale=model.cfg_scale.default,
        needs_guidance=model.negative_prompt != "always",
    )
