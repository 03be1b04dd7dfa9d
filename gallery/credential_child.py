"""The program that reads and writes Content Credentials, as `gallery.codec_child` reads pictures.

It signs without a key: the digest goes to the parent, and the signature comes back.
"""

import io
import json
import struct
import sys
from typing import Any

import c2pa

from gallery import inspection
from gallery.codec_child import ANSWER, REQUEST, Answer, serve, warm_up
from gallery.pictures import PictureError

VERBS = ("inspect", "sign")
# How long the JSON is that stands before the files
HEAD = struct.Struct(">I")
_MAX_RESIDENT_BYTES = 400 * 1024**2
_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}},
}


def main() -> None:
    warm_up(lambda data: inspection.inspect(data, anchors=""))
    serve({"inspect": _inspect, "sign": _sign}, VERBS, max_resident_bytes=_MAX_RESIDENT_BYTES)


def _inspect(data: bytes) -> Answer:
    head, files = _split(data)
    return Answer(said=inspection.inspect(files, anchors=head["anchors"]))


def _sign(data: bytes) -> Answer:
    """Each step's file is signed with the one before as its ingredient; the last is the answer."""
    head, files = _split(data)
    parent: tuple[str, str, bytes] | None = None
    at = 0
    for step in head["steps"]:
        file = files[at : at + step["size"]]
        at += step["size"]
        if step["manifest"]:
            file = _signed(file, step, head, parent)
        parent = (step["title"], step["type"], file)
    if parent is None:
        raise PictureError("There is nothing to sign.")
    return Answer(said={}, blobs=(parent[2],))


def _signed(
    file: bytes, step: dict[str, Any], head: dict[str, Any], parent: tuple[str, str, bytes] | None
) -> bytes:
    algorithm = c2pa.C2paSigningAlg[head["algorithm"]]
    made = io.BytesIO()
    with (
        c2pa.Context.from_dict(_SETTINGS) as context,
        c2pa.Builder(step["manifest"], context=context) as builder,
        c2pa.Signer.from_callback(_ask_parent, algorithm, head["chain"]) as signer,
    ):
        if parent:
            title, content_type, data = parent
            ingredient = {"title": title, "relationship": "parentOf", "label": "parent"}
            builder.add_ingredient(ingredient, content_type, io.BytesIO(data))
        builder.sign(signer, step["type"], io.BytesIO(file), made)
    return made.getvalue()


def _ask_parent(data: bytes) -> bytes:
    said = json.dumps({"asks": True, "sizes": [len(data)], "is_last": False}).encode()
    for part in (ANSWER.pack(len(said)), said, data):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
    _, size = REQUEST.unpack(sys.stdin.buffer.read(REQUEST.size))
    return sys.stdin.buffer.read(size)


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    (size,) = HEAD.unpack_from(data)
    head: dict[str, Any] = json.loads(data[HEAD.size : HEAD.size + size])
    return head, data[HEAD.size + size :]


if __name__ == "__main__":
    main()
