"""Which engine serves this installation: one for each process, shared by its threads."""

from functools import cache

from django.conf import settings

from studio import catalog
from studio.engines.contract import Engine


@cache
def engine() -> Engine:
    """Built before the workers fork, so that its codecs and TLS settings are shared.

    Imported here: a web process never calls an engine and need not carry its libraries.
    """
    if settings.ENGINE == "stepfun":
        from studio.engines.fields import WireModel  # noqa: PLC0415
        from studio.engines.stepfun import StepfunEngine  # noqa: PLC0415

        return StepfunEngine(
            base_url=settings.STEP_API_BASE,
            api_key=settings.STEP_API_KEY,
            models={
                name: WireModel(
                    size_order="hxw" if model.size_order == "height x width" else "wxh",
                    sends_edit_size=bool(model.sizes("edit")),
                    default_cfg_scale=model.cfg_scale.default,
                )
                for name, model in catalog.models().items()
            },
        )
    from studio.engines.sketch import SketchEngine  # noqa: PLC0415

    return SketchEngine()
