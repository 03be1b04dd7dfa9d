"""The API in OpenAPI's words. What a POST takes is read from `fields`, so it cannot differ."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from studio import catalog
from studio.api import fields
from studio.api.base import ApiView
from studio.api.components import COMPONENTS, ref
from studio.api.presenting import wire_size
from studio.catalog import Range
from studio.engines.contract import Operation

_View = TypeVar("_View", bound=Callable[..., Any])
Schema = Mapping[str, Any]


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "studio.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer"}


_ERRORS = {
    400: "A field is wrong, and param names it, or the model refused what was asked.",
    401: "The key is missing or wrong, or it has ended.",
    403: "The key may not do this.",
    404: "There is nothing here, or it is not yours.",
    429: "Too many requests: come again after Retry-After. A quota of the plan has none.",
}
_MAKING_ERRORS = {
    402: "There is no credit for it, or a monthly cap is reached.",
    409: "It was cancelled; nothing was charged.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken.",
    422: "The Idempotency-Key names another request.",
    502: "It failed; nothing was charged.",
    503: "Not just now; nothing was charged.",
    504: "Not done yet: it goes on, and Location is its job.",
}
ERRORS = dict(sorted((_ERRORS | _MAKING_ERRORS).items()))


def gives(
    name: str, operation_id: str, *, query: Mapping[str, Schema] | None = None
) -> Callable[[_View], _View]:
    """Describes a GET, or what has no body."""
    return extend_schema(
        operation_id=operation_id,
        request=None,
        parameters=_parameters("query", query or {}),
        responses={200: OpenApiResponse(ref(name), description="It."), **_errors(_ERRORS)},
    )


def takes(
    known: Mapping[str, fields.Field],
    name: str,
    operation_id: str,
    *,
    optional: Mapping[str, fields.Field] = MappingProxyType({}),
) -> Callable[[_View], _View]:
    """Describes a POST of JSON that has all of `known`, or something if all is `optional`."""
    body: dict[str, Any] = {
        "type": "object",
        "properties": {name: each.schema for name, each in {**known, **optional}.items()},
        "additionalProperties": False,
    }
    body |= {"required": list(known)} if known else {"minProperties": 1}
    errors = _ERRORS | {status: _MAKING_ERRORS[status] for status in (413, 415)}
    return extend_schema(
        operation_id=operation_id,
        request={"application/json": body},
        responses={200: OpenApiResponse(ref(name), description="It."), **_errors(errors)},
    )


def _parameters(
    where: Literal["query", "header"], schemas: Mapping[str, Schema]
) -> list[OpenApiParameter]:
    return [OpenApiParameter(name, dict(schema), where) for name, schema in schemas.items()]


def gives_bytes(operation_id: str) -> Callable[[_View], _View]:
    picture = {"type": "string", "format": "binary"}
    types = ("image/png", "image/jpeg", "image/webp")
    errors = _errors(_ERRORS | {503: "The storage does not answer."})
    return extend_schema(
        operation_id=operation_id,
        auth=[{"key": []}],  # type: ignore[list-item]
        responses={**{(200, kind): picture for kind in types}, **errors},
    )


def makes(operation: Operation) -> Callable[[_View], _View]:
    """Describes a POST that makes images."""
    bodies = {"application/json": _json(operation)}
    if operation == "edit":
        bodies["multipart/form-data"] = _form()
    answers = {
        200: OpenApiResponse(
            {"oneOf": [ref("Images"), ref("DryRun")]}, description="The images, or a dry run."
        ),
        202: OpenApiResponse(ref("Accepted"), description="Accepted; see Location."),
    }
    return extend_schema(
        operation_id=operation,
        request=bodies,
        parameters=_parameters("header", _HEADERS),
        responses={**answers, **_errors(ERRORS)},
    )


_HEADERS: dict[str, Schema] = {
    "Idempotency-Key": {
        "type": "string",
        "pattern": "^[ -~]{1,255}$",
        "description": "The same key within 24 hours is the same order, made and paid once.",
    },
    "Prefer": {
        "type": "string",
        "description": "`respond-async`: 202 at once; `wait=10` beside it, after ten seconds.",
    },
}
_AS_TEXT = {"type": "string", "minLength": 1, "description": "Base64 text, or a data URI of it."}
_AS_FILE = {"type": "string", "format": "binary"}
_MASK = "As large as the image, once upright; see-through where it is to be changed."


def _json(operation: Operation) -> dict[str, Any]:
    """null is as if left out."""
    found = {name: _or_null(each.schema) for name, each in fields.FIELDS[operation].items()}
    found["prompt"] = fields.FIELDS[operation]["prompt"].schema
    if operation == "edit":
        several = {"type": "array", "items": _AS_TEXT, "minItems": 1, "maxItems": 1}
        found["image"] = {"oneOf": [_AS_TEXT, several]}
        found["mask"] = _or_null({**_AS_TEXT, "description": _MASK})
    return _body(operation, found)


def _form() -> dict[str, Any]:
    found = {name: each.schema for name, each in fields.FIELDS["edit"].items()}
    found["image"] = {**_AS_FILE, "description": "A file, or base64 text. Also as `image[]`."}
    found["mask"] = {**_AS_FILE, "description": _MASK}
    return _body("edit", found)


def _body(operation: Operation, properties: dict[str, Any]) -> dict[str, Any]:
    ignored = {name: {"description": "Taken, and ignored."} for name in fields.IGNORED}
    return {
        "type": "object",
        "properties": properties | ignored,
        "required": ["prompt", "image"] if operation == "edit" else ["prompt"],
        "additionalProperties": False,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a schema that names one type."""
    either = {**schema, "type": [schema["type"], "null"]}
    return {**either, "enum": [*schema["enum"], None]} if "enum" in schema else either


def _errors(statuses: dict[int, str]) -> dict[int, OpenApiResponse]:
    return {
        status: OpenApiResponse(ref("Error"), description=said) for status, said in statuses.items()
    }


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found["components"].setdefault("schemas", {}).update(COMPONENTS)
    for path in found["paths"].values():
        for each in path.values():
            _link(each)
            if each["operationId"] in fields.FIELDS:
                for body in each["requestBody"]["content"].values():
                    _narrow(body["schema"]["properties"], each["operationId"])
    return found


def _narrow(properties: dict[str, Any], operation: Operation) -> None:
    """To what one of the models can do, which is known once the catalog is read."""
    able = [model for model in catalog.models().values() if model.can(operation)]
    sizes = [wire_size(model, size) for model in able for size in model.sizes(operation)]
    limits: dict[str, dict[str, Any]] = {
        "model": {"enum": [model.name for model in able]},
        "size": {"enum": ["auto", *dict.fromkeys(sizes)]} if operation == "generate" else {},
        "steps": _span([model.steps for model in able]),
        "cfg_scale": _span([model.cfg_scale for model in able]),
    }
    for name, more in limits.items():
        is_nullable = "null" in properties[name]["type"]
        if is_nullable and "enum" in more:
            more["enum"].append(None)
        properties[name] = {**properties[name], **more}


def _span(ranges: Sequence[Range]) -> dict[str, float]:
    return {
        "minimum": min(each.minimum for each in ranges),
        "maximum": max(each.maximum for each in ranges),
    }


def _link(operation: dict[str, Any]) -> None:
    """What an answer names can be asked for."""
    for status, links in _LINKS.get(operation["operationId"], {}).items():
        operation["responses"][status]["links"] = {
            target: {"operationId": target, "parameters": {name: f"$response.body#/{where}"}}
            for target, name, where in links
        }


_MADE = {
    "200": [
        ("read_job", "job_id", "x_jobs/0"),
        ("read_image", "image_id", "data/0/id"),
        ("read_image_content", "image_id", "data/0/id"),
    ],
    "202": [("read_job", "job_id", "id"), ("cancel_job", "job_id", "id")],
}
_LINKS: dict[str, dict[str, list[tuple[str, str, str]]]] = {
    "generate": _MADE,
    "edit": _MADE,
    "list_images": {
        "200": [("read_image", "image_id", "first_id"), ("list_images", "after", "last_id")]
    },
    "create_collection": {
        "200": [
            (target, "collection_id", "id")
            for target in ("read_collection", "change_collection", "list_collection_images")
        ]
    },
    "list_collections": {
        "200": [
            ("read_collection", "collection_id", "first_id"),
            ("list_collections", "after", "last_id"),
        ]
    },
    "read_image": {"200": [("read_image_content", "image_id", "id")]},
}


class Document(ApiView):
    authentication_classes = ()
    throttle_classes = ()

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> Response:
        return Response(document())
