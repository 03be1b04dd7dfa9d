"""What the API answers, in the words of JSON Schema. Nothing is left out, and nothing is added."""

from typing import Any

from studio.models import State


def _object(optional: dict[str, Any] | None = None, /, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [schema, {"type": "null"}]}


def _one_of(*texts: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(texts)}


def _page_of(name: str) -> dict[str, Any]:
    return _object(
        object=_one_of("list"),
        data=_list(ref(name)),
        first_id=_or_null(_ID),
        last_id=_or_null(_ID),
        has_more=_FLAG,
    )


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_NUMBER = {"type": "number"}
_FLAG = {"type": "boolean"}
_ID = {"type": "string", "format": "uuid"}
_URL = {"type": "string", "format": "uri", "description": "Lives for two hours."}
_TIME = {"type": "integer", "description": "Seconds since 1970."}
_MICROS = {"type": "integer", "description": "Micro-dollars: 1,000,000 are one dollar."}
_WARNINGS = {**_list(_TEXT), "description": "Every rewrite of what was asked, in words."}
_REASON = _object(code=_TEXT, message=_TEXT)
_RANGE = _object(minimum=_NUMBER, maximum=_NUMBER, default=_NUMBER)
_STEPS = _object(minimum=_WHOLE, maximum=_WHOLE, default=_WHOLE)
_JOB = {
    "id": _ID,
    "object": _one_of("job"),
    "state": _one_of(*State.values),
    "operation": _one_of("generate", "edit"),
    "model": _TEXT,
    "prompt": _TEXT,
    "created": _TIME,
    "finished": _or_null(_TIME),
    "price_micros": _MICROS,
    "image": _or_null(ref("Image")),
    "error": _or_null(_REASON),
    "x_warnings": _WARNINGS,
    "x_cost": _MICROS,
}
_COLLECTION = {
    "id": _ID,
    "object": _one_of("collection"),
    "name": _TEXT,
    "created": _TIME,
    "count": {"type": "integer", "description": "How many images it has, outside the trash."},
    "cover": _or_null(_ID),
}

COMPONENTS: dict[str, Any] = {
    "Error": _object(
        error=_object(message=_TEXT, type=_TEXT, param=_or_null(_TEXT), code=_TEXT),
    ),
    "Datum": _object(
        {"url": _URL, "b64_json": {"type": "string", "format": "byte"}, "error": _REASON},
        id=_or_null(_ID),
        job=_ID,
        seed=_or_null(_WHOLE),
        finish_reason=_one_of("success", "content_filtered", "failed"),
    ),
    "Images": _object(
        created=_TIME,
        data=_list(ref("Datum")),
        x_warnings=_WARNINGS,
        x_cost=_MICROS,
        x_jobs=_list(_ID),
    ),
    "DryRun": _object(
        object=_one_of("dry_run"),
        price_micros=_MICROS,
        total_micros=_MICROS,
        calls=_WHOLE,
        would_be_accepted={"type": "boolean", "description": "If it were sent now."},
        why_not=_or_null(_REASON),
        request={"type": "object", "description": "What would be sent."},
        x_warnings=_WARNINGS,
        x_cost=_MICROS,
    ),
    "Image": _object(
        id=_ID,
        object=_one_of("image"),
        kind=_one_of("upload", "generated", "edited"),
        created=_TIME,
        url=_URL,
        content_type=_TEXT,
        width=_WHOLE,
        height=_WHOLE,
        size_bytes=_WHOLE,
        sha256=_TEXT,
        made_by=_or_null(_WHOLE),
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
    "ImageList": _page_of("Image"),
    "Collection": _object(**_COLLECTION),
    "CollectionList": _page_of("Collection"),
    "Deleted": _object(id=_ID, object=_one_of("collection"), deleted=_FLAG),
    "Job": _object(**_JOB),
    "Accepted": _object(**_JOB, jobs=_list(ref("Job"))),
    "Model": _object(
        id=_TEXT,
        object=_one_of("model"),
        created=_WHOLE,
        owned_by=_TEXT,
        title=_TEXT,
        about=_TEXT,
        is_on_offer=_FLAG,
        why_not=_or_null(_TEXT),
        price_micros=_or_null(_MICROS),
        limits=_object(
            prompt_characters=_WHOLE,
            size_order=_one_of("width x height", "height x width"),
            steps=_STEPS,
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
    "ModelList": _object(object=_one_of("list"), data=_list(ref("Model"))),
    "Usage": _object(
        object=_one_of("usage"),
        since=_TIME,
        images=_WHOLE,
        spent_micros=_MICROS,
        available_micros=_MICROS,
        held_micros=_MICROS,
        key=_object(spent_micros=_MICROS, monthly_cap_micros=_or_null(_MICROS)),
        member=_object(spent_micros=_MICROS, monthly_cap_micros=_or_null(_MICROS)),
        workspace=_object(id=_ID, name={"type": "string"}),
    ),
}
