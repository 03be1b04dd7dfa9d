"""Reads what a file says of itself: recipe, marks, Content Credentials. Only in a child's process.

Knows no Django and no secret. All that it tells is short, and told by strangers.
"""

import io
import json
import re
from typing import Any

import c2pa

from gallery import headers

_MAX_TEXT = 8_000
_MAX_STEPS = 12
_MAX_LINE = 200
_SOURCE = re.compile(r"DigitalSourceType[^>]{0,40}?newscodes/digitalsourcetype/(\w{1,60})")
"".encode("utf-16-be")  # loaded now: the child may open no file later
_USER_COMMENT = (0x8769, 0x9286)


def inspect(data: bytes, *, anchors: str) -> dict[str, Any]:
    """`anchors`: certificates in PEM, whose signatures are trusted. Raises PictureError."""
    opened = headers.header_of(data)
    xmp = _text(opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp"))
    found = _SOURCE.search(xmp)
    return {
        "content_type": headers.type_of(opened),
        "width": opened.width,
        "height": opened.height,
        "parameters": _parameters(opened)[:_MAX_TEXT],
        "source": found[1] if found else "",
        **_credentials(data, headers.type_of(opened), anchors),
    }


def _parameters(opened: Any) -> str:
    said = opened.info.get("parameters")
    if isinstance(said, str):
        return said
    try:
        comment = opened.getexif().get_ifd(_USER_COMMENT[0]).get(_USER_COMMENT[1])
    except headers.BROKEN:
        return ""
    if isinstance(comment, bytes) and comment.startswith(b"UNICODE\0"):
        return comment[8:].decode("utf-16-be", "replace")
    return ""


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _credentials(data: bytes, content_type: str, anchors: str) -> dict[str, Any]:
    """`state`: "none", "broken", or "Trusted", "Valid" (whoever signed it), "Invalid"."""
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(content_type, io.BytesIO(data), context=context) as reader,
        ):
            told = json.loads(reader.json())
            state = str(reader.get_validation_state())
    except c2pa.C2paError as error:
        return {"state": "none" if "ManifestNotFound" in str(error) else "broken", "steps": []}
    results = told.get("validation_results", {}).get("activeManifest", {})
    failures = [str(each.get("code", ""))[:_MAX_LINE] for each in results.get("failure", [])]
    return {"state": state, "failures": failures[:_MAX_STEPS], "steps": _steps(told)}


def _steps(told: dict[str, Any]) -> list[dict[str, Any]]:
    """From the file back to what it was made from."""
    steps: list[dict[str, Any]] = []
    label = told.get("active_manifest")
    manifests = told.get("manifests", {})
    while label in manifests and len(steps) < _MAX_STEPS:
        manifest = manifests[label]
        steps.append(_step(manifest))
        parents = [
            each
            for each in manifest.get("ingredients", [])
            if each.get("relationship") == "parentOf"
        ]
        label = parents[0].get("active_manifest") if parents else None
        if parents and label is None:
            steps.append({"title": _line(parents[0].get("title")), "is_signed": False})
    return steps


def _step(manifest: dict[str, Any]) -> dict[str, Any]:
    signature = manifest.get("signature_info", {})
    makers = manifest.get("claim_generator_info") or [{}]
    actions = [
        action
        for each in manifest.get("assertions", [])
        if str(each.get("label", "")).startswith("c2pa.actions")
        for action in each.get("data", {}).get("actions", [])
    ]
    sources = [_line(each.get("digitalSourceType")).rsplit("/", 1)[-1] for each in actions]
    return {
        "is_signed": True,
        "title": _line(manifest.get("title")),
        "signer": _line(signature.get("common_name") or signature.get("issuer")),
        "issuer": _line(signature.get("issuer")),
        "at": _line(signature.get("time")),
        "maker": _line(makers[0].get("name")),
        "actions": [_line(each.get("action")) for each in actions[:_MAX_STEPS]],
        "source": next(filter(None, sources), ""),
    }


def _line(value: Any) -> str:
    return str(value or "")[:_MAX_LINE]
