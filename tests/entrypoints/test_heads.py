"""One connection of a stranger, over a real socket: heads that are too long or too slow, and bodies nobody wants."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from careful.entrypoints import heads
from careful.entrypoints.heads import LimitedHeads


async def deaf(scope: Any, receive: Any, send: Any) -> None:
    """Answer at once and read nothing, but for /read."""
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(deaf, http=LimitedHeads, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def ended(connection: socket.socket) -> bool:
    """Tell whether the other side closed within a few seconds."""
    connection.settimeout(10)
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def test_headers_without_end_are_cut(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (heads.HEAD_BYTES + 1))
        assert ended(connection)


def test_a_long_head_that_comes_at_once_is_refused(port: int) -> None:
    for head in (
        b"GET / HTTP/1.1\r\nX: " + b"x" * heads.HEAD_BYTES,
        b"GET /" + b"x" * heads.HEAD_BYTES + b" HTTP/1.1\r\nX: y",
    ):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head + b"\r\n\r\n")
            assert b" 400 " in connection.recv(4096)
            assert ended(connection)


def test_a_head_that_trickles_is_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "FIRST_REQUEST_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert ended(connection)


def test_the_rest_of_a_body_that_has_its_answer_is_not_read_for_ever(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "LINGER_SECONDS", 0.4)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert b"200" in connection.recv(4096)
        began = time.monotonic()
        with pytest.raises(OSError, match="reset|Broken|closed"):
            while time.monotonic() - began < 10:
                connection.sendall(b"x" * 100)
                time.sleep(0.02)


def test_a_connection_with_whole_bodies_lives_on(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "LINGER_SECONDS", 0.2)
    request = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(2):
            connection.sendall(request)
            answer = b""
            while not answer.endswith(b"ok"):
                answer += connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(0.4)
