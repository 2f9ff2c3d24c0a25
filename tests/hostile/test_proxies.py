"""The reverse proxies that we document, with the files that we ship: Debian's nginx and Caddy before a real console."""

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from careful import devices
from careful.entrypoints.api.app import create_api
from careful.entrypoints.console.app import create_app
from careful.entrypoints.web import page_config
from careful.kernel.settings import Settings
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DEPLOY = Path(__file__).parents[2] / "deploy"
CONSOLE, PUBLIC = "console.example.org", "security.example.org"
RATE = 10


@dataclass
class Front:
    """A proxy, and what reached the server behind it."""

    port: int
    plain: int
    seen: list[tuple[str, str, str]]

    def talk(self, raw: str, *, name: str = CONSOLE, wait: float = 3) -> bytes:
        """Send bytes over TLS; return what comes back."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=wait) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            return _exchange(secured, raw)

    def talk_plainly(self, raw: str) -> bytes:
        """Send bytes without TLS."""
        with socket.create_connection(("127.0.0.1", self.plain), timeout=3) as plain:
            return _exchange(plain, raw)


def _exchange(connection: socket.socket, raw: str) -> bytes:
    connection.sendall(raw.encode())
    came = b""
    try:
        while piece := connection.recv(65536):
            came += piece
    except (TimeoutError, ConnectionError, ssl.SSLError):
        pass
    return came


def free_ports(number: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


@pytest.fixture(params=["nginx", "caddy"])
def front(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Front]:
    """The proxy with its shipped file; only ports, certificates and its own folders are those of the test."""
    if shutil.which(request.param, path="/usr/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.fail(f"{request.param} is needed: apt-get install nginx-light caddy")
    port, plain, behind = free_ports(3)
    settings = Settings(
        data=world.home, console_url=f"https://{CONSOLE}", public_url=f"https://{PUBLIC}", rate_page=RATE
    )
    here = replace(world, settings=settings)
    key, chain = devices.issue_server_certificate(here, (CONSOLE, PUBLIC))
    seen: list[tuple[str, str, str]] = []
    inside = create_app(here, api=create_api(here))

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append((scope["method"], scope["path"], scope["client"][0]))
        await inside(scope, receive, send)

    server = uvicorn.Server(page_config(here, noting, behind))
    thread = threading.Thread(target=server.run)
    thread.start()
    command = (_nginx if request.param == "nginx" else _caddy)(tmp_path, port, plain, behind, key, chain)
    environment = {"PATH": "/usr/sbin:/usr/bin", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for opened in (behind, port, plain):
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", opened)) == 0:
                        break
                time.sleep(0.05)
        yield Front(port, plain, seen)
    finally:
        process.terminate()
        process.wait(10)
        server.should_exit = True
        thread.join()


def _nginx(folder: Path, port: int, plain: int, behind: int, key: Path, chain: Path) -> list[str]:
    shipped = (DEPLOY / "nginx.conf").read_text()
    shipped = shipped.replace("listen 443", f"listen 127.0.0.1:{port}").replace(
        "listen 80;", f"listen 127.0.0.1:{plain};"
    )
    shipped = re.sub(r"ssl_certificate_key \S+;", f"ssl_certificate_key {key};", shipped)
    shipped = re.sub(r"ssl_certificate \S+;", f"ssl_certificate {chain};", shipped)
    shipped = shipped.replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    text = f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
    text += f"http {{ access_log off; {temporary}\n"
    (folder / "nginx.conf").write_text(text + shipped + "}")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, port: int, plain: int, behind: int, key: Path, chain: Path) -> list[str]:
    shipped = (DEPLOY / "Caddyfile").read_text()
    shipped = shipped.replace(
        "{\n\tservers", f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {port}\n\tservers", 1
    )
    for name in (CONSOLE, PUBLIC):
        shipped = shipped.replace(f"\nhttps://{name} {{", f"\nhttps://{name} {{\n\ttls {chain} {key}")
    (folder / "Caddyfile").write_text(shipped.replace("127.0.0.1:8080", f"127.0.0.1:{behind}"))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def get(path: str, *more: str, host: str = CONSOLE) -> str:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *more, "", ""])


def test_the_shipped_file_serves_and_guards(front: Front) -> None:
    _pages_come_through(front)
    _only_pages_lead_from_http_to_https(front)
    _no_request_hides_in_another(front)
    _a_visitor_cannot_choose_the_address_it_comes_from(front)  # last: it uses the visitor's rate up


def _pages_come_through(front: Front) -> None:
    came = front.talk(get("/sign-in"))
    assert b" 200 " in came.split(b"\r\n", 1)[0], came[:300]
    for header in (b"strict-transport-security: max-age=31536000", b"__host-careful-visit=", b"'nonce-"):
        assert header in came.lower(), header
    assert b"\r\nserver: nginx/" not in came.lower()
    for more in ((), (f"X-Forwarded-Host: {CONSOLE}",)):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            came = front.talk(get("/sign-in", *more, host="evil.example"))
            assert b" 200 " not in came.split(b"\r\n", 1)[0] or b"Sign in" not in came
    with pytest.raises((ssl.SSLError, ConnectionError)):
        front.talk(get("/"), name="evil.example")
    assert b" 200 " not in front.talk(get("/sign-in", "X: " + "x" * 70_000)).split(b"\r\n", 1)[0]


def _only_pages_lead_from_http_to_https(front: Front) -> None:
    assert f"https://{CONSOLE}/devices".encode() in front.talk_plainly(get("/devices"))
    refused = front.talk_plainly(get("/api/v1/products", "Authorization: Bearer careful_x"))
    assert b" 403 " in refused.split(b"\r\n", 1)[0]
    assert b"location" not in refused.lower()


def _no_request_hides_in_another(front: Front) -> None:
    hidden = f"GET /hidden HTTP/1.1\r\nHost: {CONSOLE}\r\n\r\n"
    for lengths in (
        "Content-Length: 6\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked", "X: y\nTransfer-Encoding: chunked", "Content-Length: +6",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    ):  # fmt: skip
        body = f"0\r\n\r\n{hidden}"
        front.talk(f"POST /sign-in HTTP/1.1\r\nHost: {CONSOLE}\r\n{lengths}\r\n\r\n{body}", wait=0.7)
        # A second request of somebody else, over the proxy's own connections: it must get its own answer.
        came = front.talk(get("/static/base.css"))
        assert b"text/css" in came, (lengths, came[:200])
        paths = [path for method, path, _ in front.seen if (method, path) == ("GET", "/hidden")]
        # What stands after a whole message is a request of its own, asked openly by the same visitor, and never more.
        assert len(paths) <= 1, lengths
        front.seen.clear()


def _a_visitor_cannot_choose_the_address_it_comes_from(front: Front) -> None:
    front.seen.clear()
    for number in range(100):
        claims = [f"{name}203.0.113.{number}" for name in ("X-Forwarded-For: ", "X-Real-IP: ", "Forwarded: for=")]
        if front.talk(get("/sign-in", *claims)).split(b" ", 2)[1] == b"429":
            break
    else:
        pytest.fail("each claim was believed")
    assert {source for _, _, source in front.seen} == {"127.0.0.1"}
