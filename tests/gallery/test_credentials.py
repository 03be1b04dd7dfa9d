"""Content Credentials: signed into downloads, and shown on /verify, whoever signed."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image as Pillow

from accounts import ids
from accounts.models import User, Workspace
from gallery import codec, credentials
from gallery.sharing import links
from gallery.sharing.links import Terms
from tests.gallery.certificates import signer
from tests.gallery.makers import bomb, chunk, jpeg, moving, png, webp
from tests.gallery.test_downloads import PARAMETERS, PROMPT, made, pixels, take, told
from tests.gallery.test_gallery_pages import fetch
from tests.product import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:c2pa")


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    cache.clear()


@pytest.fixture
def signing(settings: Any) -> None:
    settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY = signer()


def read(data: bytes, content_type: str = "image/png") -> dict[str, Any]:
    """As the library itself reads it."""
    with c2pa.Reader(content_type, io.BytesIO(data)) as reader:
        found: dict[str, Any] = json.loads(reader.json())
    return found


def show(client: Client, data: bytes, name: str = "a.png") -> HttpResponse:
    return client.post("/verify/", {"file": SimpleUploadedFile(name, data)})


def words_of(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


# Signing


@pytest.mark.parametrize("data", [png(), jpeg(), webp()], ids=["png", "jpeg", "webp"])
@pytest.mark.parametrize(
    "key", [None, ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()]
)
def test_a_download_is_signed_and_holds_its_recipe(
    as_ada: Client, ada: User, workspace: Workspace, settings: Any, data: bytes, key: Any
) -> None:
    settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY = signer(key=key)
    credentials.check()
    response = take(as_ada, made(ada, workspace, data))
    found = read(response.whole, response["Content-Type"])
    assert response["Content-Length"] == str(len(response.whole))
    assert {each["code"] for each in found["validation_results"]["activeManifest"]["failure"]} == {
        "signingCredential.untrusted"
    }
    manifest = found["manifests"][found["active_manifest"]]
    [action] = manifest["assertions"][0]["data"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert told(response.whole)[0] == PARAMETERS
    assert (pixels(response.whole) == pixels(data)).all()
    assert PROMPT not in json.dumps(found)


def test_an_edit_names_what_it_was_made_from(
    as_ada: Client, ada: User, workspace: Workspace, signing: None
) -> None:
    photo = made(ada, workspace, jpeg(), kind="upload", prompt="")
    hat = made(ada, workspace, png(), kind="edited", parent=photo)
    dog = made(ada, workspace, webp(), kind="edited", parent=hat)
    response = take(as_ada, dog)
    text = words_of(show(as_ada, response.whole))
    names = [f"easel-{str(each.pk)[-8:]}" for each in (dog, hat, photo)]
    assert [text.index(each) for each in names] == sorted(text.index(each) for each in names)
    assert "What it was made from; not signed" in text
    assert "Signed here, and not changed since" in text
    assert text.count("Edited with AI, by Easel; signed by Easel of Test &amp; Sons") == 2


def test_a_photo_that_was_brought_and_a_bare_file_are_not_signed(
    as_ada: Client, ada: User, workspace: Workspace, signing: None
) -> None:
    photo = made(ada, workspace, png(), kind="upload")
    image = made(ada, workspace, png())
    bare = [take(as_ada, photo).whole, take(as_ada, image, inside="nothing").whole]
    for data in bare:
        assert b"c2pa" not in data
        assert "Nobody signed it" in words_of(show(as_ada, data))


def test_without_a_certificate_nothing_is_signed_and_nothing_says_so(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    data = take(as_ada, made(ada, workspace, png())).whole
    assert b"c2pa" not in data
    text = words_of(show(as_ada, data))
    assert "Nobody signed it" in text
    assert "Made by AI, it says" in text
    assert "Käfer" in text


def test_a_signed_file_of_a_link_tells_no_prompt(
    client: Client, ada: User, workspace: Workspace, signing: None
) -> None:
    parent = made(ada, workspace, png(), prompt="secret one")
    image = made(ada, workspace, png(), prompt="secret two", kind="edited", parent=parent)
    terms = Terms(expires_at=None, allows_download=True)
    link = links.make(of=image, by=ada, terms=terms, link_id=ids.new())
    data = fetch(client, f"{links.address(link)}{image.pk}/download").whole
    assert b"c2pa" in data
    assert b"secret" not in data


def test_who_has_the_file_is_not_sent_it_again(
    as_ada: Client, ada: User, workspace: Workspace, signing: None
) -> None:
    image = made(ada, workspace, png())
    address = f"/images/{image.pk}/download"
    etag = fetch(as_ada, address)["ETag"]
    assert etag.startswith("W/")
    assert fetch(as_ada, address, headers={"If-None-Match": etag}).status_code == 304


def test_the_key_is_in_no_child(
    as_ada: Client, ada: User, workspace: Workspace, signing: None, settings: Any
) -> None:
    take(as_ada, made(ada, workspace, png()))
    for pid in codec.pids():
        for file in ("environ", "cmdline"):
            assert b"PRIVATE" not in Path(f"/proc/{pid}/{file}").read_bytes()
    assert "PRIVATE" in settings.C2PA_PRIVATE_KEY


# Verifying


def test_a_change_after_signing_is_seen(
    as_ada: Client, ada: User, workspace: Workspace, signing: None
) -> None:
    data = bytearray(take(as_ada, made(ada, workspace, jpeg())).whole)
    data[-40] ^= 1
    assert "It was changed after it had been signed" in words_of(show(as_ada, bytes(data)))


def test_who_signed_elsewhere_is_named_and_not_trusted(
    client: Client, as_ada: Client, ada: User, workspace: Workspace, signing: None, settings: Any
) -> None:
    data = take(as_ada, made(ada, workspace, png())).whole
    settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY = signer()
    text = words_of(show(client, data))
    assert "Who signed it is not known here" in text
    assert "signed by Easel of Test &amp; Sons" in text


def test_what_strangers_wrote_is_shown_as_text(client: Client, db: None) -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    text = "<script>alert(1)</script>\nSteps: 3, Seed: 5, Model: <b>x</b>, Size: 1x1"
    info.add_text("parameters", text)
    page = show(client, png(pnginfo=info), "<img>.png").content.decode()
    assert "<script>alert" not in page
    assert "<b>x" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"<svg/>",
        png()[:40],
        moving("WEBP", 3),
        png()[:33] + chunk(b"zTXt", b"parameters\0\0" + bomb(80)) + png()[33:],
        png()[:33] + chunk(b"caBX", b"\0\0\0\x10jumb" + b"\xff" * 4_000) + png()[33:],
        jpeg()[:2] + b"\xff\xeb\x40\x00JP" + b"\0" * 0x3FFC + jpeg()[2:],
    ],
    ids=["byte", "svg", "cut off", "moving", "text bomb", "wrong box", "wrong segment"],
)
def test_a_file_that_is_none_or_lies_harms_nobody(client: Client, db: None, data: bytes) -> None:
    response = show(client, data)
    assert response.status_code in {200, 422}
    assert "Signed" not in words_of(response).replace("Signed by", "")
    assert show(client, png()).status_code == 200


def test_nothing_and_too_much_is_refused(client: Client, db: None) -> None:
    assert client.post("/verify/", {}).status_code == 422
    big = show(client, png() + bytes(20 * 1024 * 1024))
    assert "larger than 20 MB" in words_of(big)


def test_strangers_may_not_keep_it_busy(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.tries.time.time", lambda: 1_800_000_000.0)
    monkeypatch.setattr(credentials, "inspect", dict)
    statuses = [client.post("/verify/", {}).status_code for _ in range(21)]
    assert statuses == [422] * 20 + [429]


def test_it_is_read_in_the_child(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, "open", None)
    assert show(client, png()).status_code == 200


# What an operator sets wrong


def test_what_does_not_fit_stops_the_start_by_name(settings: Any, tmp_path: Path) -> None:
    good, key = signer()
    wrong = [
        ("C2PA_PRIVATE_KEY", good, ""),
        ("C2PA_CERTIFICATE", "", key),
        ("C2PA_PRIVATE_KEY", good, signer()[1]),
        ("C2PA_PRIVATE_KEY", good, good),
        ("C2PA_CERTIFICATE", key, key),
        ("C2PA_CERTIFICATE", *signer(days=-1)),
        ("C2PA_CERTIFICATE", *signer(purpose=ExtendedKeyUsageOID.SERVER_AUTH)),
        ("C2PA_PRIVATE_KEY", *signer(key=ec.generate_private_key(ec.SECP256K1()))),
    ]
    for name, settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY in wrong:
        with pytest.raises(credentials.CertificateError) as error:
            credentials.check()
        assert error.value.name == name
    settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY = signer(
        key=rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    credentials.check()


def test_the_start_stops_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_text(signer()[0])
    (tmp_path / "key.pem").write_text(signer()[1])
    known = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=known
        | {
            "DATA_DIR": str(tmp_path),
            "C2PA_CERTIFICATE": str(tmp_path / "chain.pem"),
            "C2PA_PRIVATE_KEY": str(tmp_path / "key.pem"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    expected = "easel: the variable C2PA_PRIVATE_KEY is not the key of the certificate\n"
    assert (done.returncode, done.stderr) == (1, expected)
