"""The page that describes the API, with examples for the server that it is read on."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import ApiKey
from accounts.registry import Panel
from studio import offers
from studio.api import errors, fields, finding, models, schema
from studio.api.jobs import MAX_WAIT_SECONDS

LANGUAGES = (("curl", "curl"), ("python", "Python"), ("node", "Node"))
TASKS = (("generate", "Make an image"), ("edit", "Edit an image"))


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Open to all. The page in `studio/api/examples/` is what its tests run."""
    context: dict[str, Any] = {
        **_here(request),
        "tasks": [
            {"name": task, "title": title, "examples": _examples(task, LANGUAGES)}
            for task, title in TASKS
        ],
        "fields": _fields(),
        "models": models.described(),
        "later": _examples("later", LANGUAGES[:1])[0],
        "more": _examples("more", LANGUAGES[1:2])[0],
        "find": _examples("find", LANGUAGES[:1])[0],
        "collect": _examples("collect", LANGUAGES[:1])[0],
        "filters": [
            {"name": name, "about": each["description"]} for name, each in finding.FILTERS.items()
        ],
        "most_named": fields.MOST_NAMED,
        "ignored": fields.IGNORED,
        "errors": _errors(),
        "addresses": _addresses(),
        "api_rate": settings.API_RATE,
        "max_wait_seconds": MAX_WAIT_SECONDS,
    }
    return render(request, "studio/api/reference.html", context)


def first_call(request: HttpRequest, key: ApiKey) -> Panel:
    """What a key that was just made can do, to be copied. The key itself is not in it."""
    task = "generate" if "generate" in key.scopes else "look"
    context = {**_here(request), "examples": _examples(task, LANGUAGES[:2])}
    return Panel(template="studio/api/_first_call.html", context=context)


def _here(request: HttpRequest) -> dict[str, str]:
    offered = offers.all_on()
    origin = f"{request.scheme}://{request.get_host()}"
    return {
        "origin": origin,
        "base": f"{origin}/v1",
        "model": offered[0].model.name if offered else "step-image-edit-2",
    }


def _examples(task: str, languages: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {
            "name": f"{task}-{name}",
            "language": label,
            "template": f"studio/api/examples/{task}.{name}.txt",
        }
        for name, label in languages
    ]


def _fields() -> list[dict[str, str]]:
    post = schema.document()["paths"]["/v1/images/generations"]["post"]
    limits = post["requestBody"]["content"]["application/json"]["schema"]["properties"]
    return [
        {
            "name": name,
            "type": each.schema["type"],
            "about": " ".join([each.schema["description"], *_limits(limits[name])]),
        }
        for name, each in fields.FIELDS["generate"].items()
        if name != "stream"
    ]


def _limits(of: dict[str, Any]) -> Iterator[str]:
    if "enum" in of:
        yield f"One of {', '.join(each for each in of['enum'] if each)}."
    if "maximum" in of:
        yield f"{of['minimum']:,.10g} to {of['maximum']:,.10g}."
    if "maxLength" in of:
        yield f"At most {of['maxLength']} characters."
    if "default" in of:
        yield f"Default: {json.dumps(of['default']).strip(chr(34))}."


def _errors() -> list[dict[str, Any]]:
    return [
        {"status": status, "about": about, "codes": errors.CODES[status]}
        for status, about in schema.ERRORS.items()
    ]


def _addresses() -> list[dict[str, str]]:
    return [
        {"method": method.upper(), "path": path, "about": operation["description"]}
        for path, methods in schema.document()["paths"].items()
        for method, operation in methods.items()
    ]
