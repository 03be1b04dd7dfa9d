"""Loaded by pytest before any setting is read: tests see no variable of the outside."""

import os
import tempfile
from pathlib import Path

for _name in ("ALLOWED_HOSTS", "DEBUG", "EMAIL_URL", "REDIS_URL", "S3_BUCKET", "SECRET_KEY"):
    os.environ.pop(_name, None)
os.environ |= {
    "DATA_DIR": tempfile.mkdtemp(prefix="easel-test-"),
    "ENGINE": "sketch",
    "SITE_URL": "http://testserver",
    "OPERATOR_EMAIL": "operator@example.com",
}
(Path(os.environ["DATA_DIR"]) / "static").mkdir()
