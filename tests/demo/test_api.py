"""The demo's way to the API: a token on each request, patience while a server comes up, plain words when it ends."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from careful.demo import api
from careful.demo.api import Api, Held, wait_for
from careful.kernel.errors import Unavailable


class Asked(http.server.BaseHTTPRequestHandler):
    """Gives the answers laid ready, and keeps what it was asked."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_GET  # noqa: N815 (the names that http.server calls)

    def _answer(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
        status, content = server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    made.asked, made.answers = [], []
    made.url = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_asks_with_its_token_and_reads_json(server: Any):
    server.answers += [(200, b'[{"id": "a"}]'), (200, b'{"id": 1}'), (204, b"")]
    client = Api(server.url, "secret")
    assert client.get("/devices", product="cam-1") == [{"id": "a"}]
    assert client.post("/cases/1/judge", {"status": "affected"}) == {"id": 1}
    assert client.put("/devices/a/owner", {"email": "kim@example.com"}) is None
    assert [one[:3] for one in server.asked] == [
        ("GET", "/api/v1/devices?product=cam-1", "Bearer secret"),
        ("POST", "/api/v1/cases/1/judge", "Bearer secret"),
        ("PUT", "/api/v1/devices/a/owner", "Bearer secret"),
    ]
    assert json.loads(server.asked[1][3]) == {"status": "affected"}


def test_files_and_raw_content_take_the_place_of_json(server: Any):
    server.answers += [(200, b"{}"), (200, b"{}")]
    client = Api(server.url, "secret")
    client.post("/products", content=b"schema: product/1\n")
    client.post("/feeds", files={"feed": ("kev.json", b"{}")})
    assert server.asked[0][3] == b"schema: product/1\n"
    assert b'filename="kev.json"' in server.asked[1][3]


def test_a_server_that_is_away_for_a_moment_is_asked_again(server: Any):
    server.answers += [(503, b"restarting"), (200, b"[]")]
    assert Api(server.url, "secret").get("/devices") == []
    assert len(server.asked) == 2


def test_a_refusal_is_not_asked_twice(server: Any):
    server.answers += [(409, b'{"what": "It is closed."}')]
    with pytest.raises(Held, match=r"POST /cases/1/close answered 409: .*It is closed"):
        Api(server.url, "secret").post("/cases/1/close")
    assert len(server.asked) == 1


def test_nobody_there_for_too_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api, "_PATIENCE", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    with pytest.raises(Unavailable, match="does not answer"):
        Api(f"http://127.0.0.1:{number}", "secret").get("/devices")


def test_wait_for_gives_what_came_true():
    answers = iter([None, [], 0, "there"])
    assert wait_for("something", lambda: next(answers), 10) == "there"


def test_wait_for_says_what_never_did():
    with pytest.raises(Held, match=r"Not within 0 s: the moon\."):
        wait_for("the moon", lambda: None, 0)
