"""A line to the product that stops in the middle of an upload, until it is cut."""

import socket
import threading

HELD_AFTER_BYTES = 300_000
PATIENCE_SECONDS = 60


class Line:
    """Holds each connection that sends more than HELD_AFTER_BYTES; after `cut`, none."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.is_cut = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.cut()
        self.server.close()

    def cut(self) -> None:
        self.is_cut.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.to))
            for ends in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, is_up: bool) -> None:
        sent = 0
        try:
            while data := one.recv(65_536):
                sent += len(data)
                if is_up and sent > HELD_AFTER_BYTES and not self.is_cut.is_set():
                    self.is_cut.wait(PATIENCE_SECONDS)
                    break
                other.sendall(data)
        except OSError:
            pass
        for each in (one, other):
            each.close()
