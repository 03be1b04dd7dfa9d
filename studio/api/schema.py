"""The API in OpenAPI's words. What a POST takes is read from `fields`, so it cannot differ."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from studio.api import fields
from studio.api.base import ApiView
from studio.engines.contract import Operation
from studio.models import State

_View = TypeVar("_View", bound=Callable[..., Any])


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "studio.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [schema, {"type": "null"}]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_NUMBER = {"type": "number"}
_FLAG = {"type": "boolean"}
_ID = {"type": "string", "format": "uuid"}
_TIME = {"type": "integer", "description": "Seconds since 1970."}
_MICROS = {"type": "integer", "description": "Micro-dollars: 1,000,000 are one dollar."}
_WARNINGS = {**_list(_TEXT), "description": "Every rewrite of what was asked, in words."}
_REASON = _object(code=_TEXT, message=_TEXT)
_RANGE = _object(minimum=_NUMBER, maximum=_NUMBER, default=_NUMBER)

COMPONENTS: dict[str, Any] = {
    "Error": _object(
        error=_object(message=_TEXT, type=_TEXT, param=_or_null(_TEXT), code=_or_null(_TEXT))
    ),
    "Datum": _object(
        id=_or_null(_ID),
        job=_ID,
        seed=_or_null(_WHOLE),
        finish_reason={"type": "string", "enum": ["success", "content_filtered", "failed"]},
        url={"type": "string", "format": "uri", "description": "Lives for two hours."},
        b64_json={"type": "string", "format": "byte"},
        error=_REASON,
    ),
    "Images": _object(
        created=_TIME,
        data=_list(_ref("Datum")),
        x_warnings=_WARNINGS,
        x_cost=_MICROS,
        x_jobs=_list(_ID),
    ),
    "DryRun": _object(
        object=_TEXT,
        price_micros=_MICROS,
        total_micros=_MICROS,
        calls=_WHOLE,
        request={"type": "object", "additionalProperties": True},
        x_warnings=_WARNINGS,
        x_cost=_MICROS,
    ),
    "Image": _object(
        id=_ID,
        object=_TEXT,
        kind={"type": "string", "enum": ["upload", "generated", "edited"]},
        created=_TIME,
        url={"type": "string", "format": "uri"},
        content_type=_TEXT,
        width=_WHOLE,
        height=_WHOLE,
        size_bytes=_WHOLE,
        sha256=_TEXT,
        parent=_or_null(_ID),
        price_micros=_MICROS,
        model=_TEXT,
        prompt=_TEXT,
        negative_prompt=_TEXT,
        seed=_or_null(_WHOLE),
        steps=_or_null(_WHOLE),
        cfg_scale=_or_null(_NUMBER),
        text_mode=_FLAG,
        engine=_TEXT,
        x_warnings=_WARNINGS,
    ),
    "ImageList": _object(
        object=_TEXT,
        data=_list(_ref("Image")),
        first_id=_or_null(_ID),
        last_id=_or_null(_ID),
        has_more=_FLAG,
    ),
    "Job": _object(
        id=_ID,
        object=_TEXT,
        state={"type": "string", "enum": State.values},
        operation={"type": "string", "enum": ["generate", "edit"]},
        model=_TEXT,
        prompt=_TEXT,
        created=_TIME,
        finished=_or_null(_TIME),
        price_micros=_MICROS,
        image=_or_null(_ref("Image")),
        error=_or_null(_REASON),
        x_warnings=_WARNINGS,
        x_cost=_MICROS,
    ),
    "Accepted": {"allOf": [_ref("Job"), _object(jobs=_list(_ref("Job")))]},
    "Model": _object(
        id=_TEXT,
        object=_TEXT,
        created=_WHOLE,
        owned_by=_TEXT,
        title=_TEXT,
        about=_TEXT,
        is_on_offer=_FLAG,
        why_not=_or_null(_TEXT),
        price_micros=_or_null(_MICROS),
        limits=_object(
            prompt_characters=_WHOLE,
            size_order=_TEXT,
            steps=_RANGE,
            cfg_scale=_RANGE,
            negative_prompt=_TEXT,
            text_mode=_FLAG,
            style_reference=_FLAG,
            generate=_or_null(_object(sizes=_list(_TEXT))),
            edit=_or_null(
                _object(
                    sizes=_list(_TEXT),
                    min_side=_WHOLE,
                    max_side=_WHOLE,
                    max_ratio=_or_null(_NUMBER),
                    max_bytes=_WHOLE,
                )
            ),
        ),
    ),
    "ModelList": _object(object=_TEXT, data=_list(_ref("Model"))),
    "Usage": _object(
        object=_TEXT,
        since=_TIME,
        images=_WHOLE,
        spent_micros=_MICROS,
        available_micros=_MICROS,
        held_micros=_MICROS,
        key=_object(spent_micros=_MICROS, monthly_cap_micros=_or_null(_MICROS)),
    ),
}
_ERRORS = {
    400: "A field is wrong; `param` names it.",
    401: "The key is missing or wrong.",
    403: "The key may not do this.",
    404: "There is nothing here.",
    429: "Too many requests; see Retry-After.",
}


def gives(
    name: str, operation_id: str, *, query: dict[str, str] | None = None
) -> Callable[[_View], _View]:
    """Describes a GET, or a POST without a body."""
    return extend_schema(
        operation_id=operation_id,
        request=None,
        parameters=[
            OpenApiParameter(each, str, OpenApiParameter.QUERY, description=about)
            for each, about in (query or {}).items()
        ],
        responses={200: OpenApiResponse(_ref(name)), **_errors()},
    )


def gives_bytes(operation_id: str) -> Callable[[_View], _View]:
    picture = {"type": "string", "format": "binary"}
    types = ("image/png", "image/jpeg", "image/webp")
    return extend_schema(
        operation_id=operation_id,
        auth=[{"key": []}],  # type: ignore[list-item]
        responses={**{(200, kind): picture for kind in types}, **_errors()},
    )


def makes(operation: Operation) -> Callable[[_View], _View]:
    """Describes a POST that makes images."""
    bodies = {"application/json": _body(operation, {"type": "string", "description": _AS_TEXT})}
    if operation == "edit":
        bodies["multipart/form-data"] = _body(operation, {"type": "string", "format": "binary"})
    answers = {
        200: OpenApiResponse(
            {"oneOf": [_ref("Images"), _ref("DryRun")]}, description="The images, or a dry run."
        ),
        202: OpenApiResponse(_ref("Accepted"), description="Accepted; see Location."),
        402: OpenApiResponse(_ref("Error"), description="There is no credit for it."),
        422: OpenApiResponse(_ref("Error"), description="The key names another request."),
        502: OpenApiResponse(_ref("Error"), description="It failed; nothing was charged."),
        504: OpenApiResponse(_ref("Error"), description="Not done yet; see Location."),
    }
    return extend_schema(
        operation_id="generate" if operation == "generate" else "edit",
        request=bodies,
        parameters=[
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description=_REPEAT),
            OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description=_PREFER),
        ],
        responses={**answers, **_errors()},
    )


_AS_TEXT = "Base64 text, or a data URI of it."
_MASK = "As large as the image, once upright; see-through where it is to be changed."
_REPEAT = "The same key within 24 hours is the same order, made and paid once."
_PREFER = "`respond-async` answers 202 at once; `wait=10` beside it, after ten seconds."


def _body(operation: Operation, picture: dict[str, str]) -> dict[str, Any]:
    found = {name: each.schema for name, each in fields.FIELDS[operation].items()}
    required = ["prompt"]
    if operation == "edit":
        found["image"] = picture
        found["mask"] = {**picture, "description": _MASK}
        required.append("image")
    found |= {name: {"description": "Taken, and ignored."} for name in fields.IGNORED}
    return {"type": "object", "properties": found, "required": required}


def _errors() -> dict[int, OpenApiResponse]:
    return {
        status: OpenApiResponse(_ref("Error"), description=said) for status, said in _ERRORS.items()
    }


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found["components"].setdefault("schemas", {}).update(COMPONENTS)
    return found


class Schema(ApiView):
    authentication_classes = ()
    throttle_classes = ()

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> Response:
        return Response(document())
