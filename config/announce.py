"""Says once, on a line of its own, that Easel answers and where."""

import sys
import time
from http.client import HTTPConnection

_PATIENCE_SECONDS = 90.0


def main() -> None:
    port = int(sys.argv[1])
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if _is_ready(port):
            sys.stdout.write(f"Easel is ready at http://127.0.0.1:{port} (Ctrl-C stops it)\n")
            return
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
