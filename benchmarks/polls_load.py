"""A part of `polls`: devices that poll over mutual TLS, against whichever server is named."""

import asyncio
import itertools
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

FRESH_WORKERS = 16


@dataclass(frozen=True)
class Target:
    """A server that speaks DDI: its port, and under which path devices poll."""

    port: int
    path: str

    def request(self, name: str, method: str = "GET", more: str = "", body: bytes = b"") -> bytes:
        """Return one request of a device as it goes over the wire."""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {self.path}/{name}{more} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
        return f"{head}Accept: application/json\r\n{kind}\r\n".encode() + body


Measure = Callable[[Target, dict[str, ssl.SSLContext], float], Awaitable[list[float]]]


def client(folder: Path, name: str, trust: Path) -> ssl.SSLContext:
    """Return how the device `name` connects."""
    context = ssl.create_default_context(cafile=str(trust))
    context.load_cert_chain(folder / f"{name}.pem")
    return context


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """Send a request and return the whole body of its answer, which must be good."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    return await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))


async def poll(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Target, name: str) -> None:
    """Send one poll and read its whole answer."""
    body = await exchange(reader, writer, target.request(name))
    assert b'"sleep":"' in body, body


async def kept(target: Target, contexts: dict[str, ssl.SSLContext], seconds: float) -> list[float]:
    """Poll over one kept connection for each device; return how long each poll took."""
    taken: list[float] = []

    async def device(name: str) -> None:
        reader, writer = await asyncio.open_connection("localhost", target.port, ssl=contexts[name])
        await poll(reader, writer, target, name)
        ready.append(name)
        await begin.wait()
        while (now := time.perf_counter()) < until[0]:
            await poll(reader, writer, target, name)
            taken.append(time.perf_counter() - now)
        writer.close()

    begin, ready, until = asyncio.Event(), list[str](), [0.0]
    tasks = [asyncio.create_task(device(name)) for name in contexts]
    while len(ready) < len(tasks) and not any(one.done() for one in tasks):  # noqa: ASYNC110 (once, before the clock runs)
        await asyncio.sleep(0.05)
    until[0] = time.perf_counter() + seconds
    begin.set()
    await asyncio.gather(*tasks)
    return taken


async def fresh(target: Target, contexts: dict[str, ssl.SSLContext], seconds: float) -> list[float]:
    """Poll over a new connection, with a full handshake, each time."""
    taken: list[float] = []
    names = itertools.cycle(contexts)
    until = time.perf_counter() + seconds

    async def worker() -> None:
        while (now := time.perf_counter()) < until:
            name = next(names)
            reader, writer = await asyncio.open_connection("localhost", target.port, ssl=contexts[name])
            await poll(reader, writer, target, name)
            writer.close()
            taken.append(time.perf_counter() - now)

    await asyncio.gather(*(worker() for _ in range(FRESH_WORKERS)))
    return taken
