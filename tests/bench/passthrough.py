"""The least that anything between a program and a service costs: it hands both ways on, unread.

    python -m tests.bench.passthrough PORT SERVICE_PORT

One kept connection to the service for each of its callers, and none of what Easel does.
"""

import asyncio
import sys

_CHUNK = 1024 * 1024


async def hand_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        target.write(chunk)
        await target.drain()
    target.close()


async def serve(port: int, service_port: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_service, to_service = await asyncio.open_connection("127.0.0.1", service_port)
        await asyncio.gather(hand_on(reader, to_service), hand_on(from_service, writer))

    async with await asyncio.start_server(talk, "127.0.0.1", port, backlog=512) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
