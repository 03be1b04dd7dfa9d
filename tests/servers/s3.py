import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from tests.product import until
from tests.servers.base import START_SECONDS, Program, end, free_ports, run


class S3(Program):
    """One bucket, for one who signs (version 4); addressed by path."""

    bucket = "easel"

    def prepare(self) -> None:
        self.ports = free_ports(8)
        self.url = f"http://127.0.0.1:{self.ports[0]}"
        key, secret = "easel-key", "easel-secret"
        self.variables = {
            "S3_BUCKET": self.bucket,
            "S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        credentials = [{"accessKey": key, "secretKey": secret}]
        identity = {"name": "easel", "credentials": credentials, "actions": ["Admin"]}
        (self.home / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (self.home / "data").mkdir()

    def start(self) -> None:
        names = ("s3", "master", "volume", "filer")
        ports = [f"-{name}.port={port}" for name, port in zip(names, self.ports, strict=False)]
        ports += [
            f"-{name}.port.grpc={port}" for name, port in zip(names, self.ports[4:], strict=True)
        ]
        self._process = run(
            [
                Path(sys.executable).parent / "weed",
                "-logtostderr=true",
                "server",
                "-s3",
                f"-dir={self.home / 'data'}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                *ports,
                f"-s3.config={self.home / 's3.json'}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.electionTimeout=1s",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=64",
                "-volume.preStopSeconds=0",
            ],
            self.log,
        )
        until(self._keeps, f"S3 keeping an object\n{self.log}", START_SECONDS)

    def stop(self) -> None:
        """By force: asked to, it takes ten seconds. What it has accepted is on the disk."""
        self._process = end(self._process, signal.SIGKILL)
        for port in self.ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
                left.unlink(missing_ok=True)

    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_DEFAULT_REGION"],
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                connect_timeout=1,
                read_timeout=5,
            ),
        )

    def _keeps(self) -> bool:
        """It answers before its volumes can be written to."""
        from botocore.exceptions import BotoCoreError, ClientError

        self._check()
        with contextlib.closing(self.client()) as client:
            try:
                if self.bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
                    client.create_bucket(Bucket=self.bucket)
                client.put_object(Bucket=self.bucket, Key="ready", Body=b"x")
                client.delete_object(Bucket=self.bucket, Key="ready")
            except (BotoCoreError, ClientError):
                return False
        return True
