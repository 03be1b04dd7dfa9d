"""Real parts without root, out of wheels: PostgreSQL, Redis, S3 (SeaweedFS), a proxy; and a disk.

Each is a context manager, and keeps its address and, but for Redis, its data over `restart`. What
a program needs to know to use one is in `variables`.
"""

from tests.servers.base import Server
from tests.servers.folder import Folder
from tests.servers.postgresql import PostgreSQL
from tests.servers.proxy import Proxy
from tests.servers.redis import Redis
from tests.servers.s3 import S3

__all__ = ["S3", "Folder", "PostgreSQL", "Proxy", "Redis", "Server"]
