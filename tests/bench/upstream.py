"""A service that answers every call with the same picture after the same time, cheaply.

    python -m tests.bench.upstream PORT DELAY_SECONDS SIZE_BYTES

Its trace id is the time at which a call came. Nothing is checked here;
`tests.engines.strict_stepfun` is the strict one.
"""

import asyncio
import base64
import io
import json
import math
import re
import sys
import time

import numpy as np
from PIL import Image


def answer(size_bytes: int) -> tuple[bytes, bytes]:
    """A PNG of about that size that takes as long to read as a photo's: 1.3 MB are 1024 x 1024.

    Wrapped as the service does: the head, which is open still, and the body.
    """
    side = max(8, round(1024 * math.sqrt(size_bytes / 1_300_000)))
    slope = np.linspace(0, 240, side, dtype="uint8")[:, None, None]
    grain = np.random.default_rng(1).integers(0, 7, (side, side, 3), dtype="uint8")
    pixels = slope + grain
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    picture = base64.b64encode(file.getvalue()).decode()
    data = {"seed": 1, "finish_reason": "success", "b64_json": picture}
    body = json.dumps({"created": 1, "data": [data]}).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n".encode(), body


async def serve(port: int, delay_seconds: float, size_bytes: int) -> None:
    head_bytes, body = answer(size_bytes)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: *(\d+)", head.lower())
                await reader.readexactly(int(length[1]) if length else 0)
                came_at = f"X-Trace-Id: {time.time():.6f}\r\n\r\n".encode()
                await asyncio.sleep(delay_seconds)
                writer.write(head_bytes + came_at + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, limit=64 * 1024, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
