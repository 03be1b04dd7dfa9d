"""Loaded by pytest before any setting is read: tests see no variable of the outside."""

import os
import re
import tempfile
from pathlib import Path

_EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
_KEPT = {"DATABASE_URL", "STEP_API_KEY"}  # the suite runs on either database

for _name in re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", _EXAMPLE.read_text(), re.M):
    if _name not in _KEPT:
        os.environ[_name] = ""  # counts as not set, and hides a local .env
os.environ |= {
    "DATA_DIR": tempfile.mkdtemp(prefix="easel-test-"),
    "ENGINE": "sketch",
    "SITE_URL": "http://testserver",
    "OPERATOR_EMAIL": "operator@example.com",
}
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = f"{os.environ['DATA_DIR']}/hypothesis"
(Path(os.environ["DATA_DIR"]) / "static").mkdir()
