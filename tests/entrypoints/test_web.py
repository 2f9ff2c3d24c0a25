"""Several sites in one process: each on its port, TLS where it must be, and a stop that lets answers finish."""

import dataclasses
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from careful import devices
from careful.entrypoints import web
from careful.entrypoints.web import page_config
from careful.kernel.settings import Settings
from careful.kernel.work import World

SITES = """
import asyncio, os, signal, sys
import uvicorn
from careful.entrypoints.web import serve_all

def site(name):
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        if scope["path"] == "/stop":
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name.encode()})
    return app

ports = [int(number) for number in sys.argv[1:]]
serve_all([uvicorn.Config(site(f"site {port}"), port=port, log_level="error") for port in ports])
"""


def free_ports(number: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    found = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return found


def serve(*ports: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SITES, *map(str, ports)])


def get(address: str) -> str:
    """Ask until somebody answers; the connection itself waits while the process starts."""
    transport = httpx.HTTPTransport(retries=12)
    with httpx.Client(transport=transport, trust_env=False, timeout=10) as client:
        return client.get(address).text


def test_each_on_its_port_and_the_last_request_is_answered():
    one, two = free_ports(2)
    process = serve(one, two)
    try:
        assert get(f"http://127.0.0.1:{one}/") == f"site {one}"
        assert get(f"http://127.0.0.1:{two}/") == f"site {two}"
        assert get(f"http://127.0.0.1:{two}/stop") == f"site {two}"
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()


def test_a_port_that_is_taken_ends_the_process_for_another_try():
    (free,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = serve(free, taken.getsockname()[1])
        try:
            assert process.wait(15) != 0
        finally:
            process.kill()
            process.wait()


async def _app(scope: object, receive: object, send: object) -> None:
    return None


def test_plain_on_loopback(world: World):
    config = page_config(world, _app, 8080)
    config.load()
    assert (config.host, config.port, config.is_ssl, config.server_header) == ("127.0.0.1", 8080, False, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7"])  # noqa: S104 (nothing is bound)
def test_tls_anywhere_else_with_our_own_certificate(world: World, host: str):
    urls = dict.fromkeys(("console_url", "public_url", "device_url"), "https://careful.example")
    settings = Settings(data=world.home, host=host, tls_names=("careful.example",), **urls)
    elsewhere = dataclasses.replace(world, settings=settings)
    config = page_config(elsewhere, _app, 8080)
    config.load()
    assert config.is_ssl
    shown = ssl._ssl._test_decode_cert(str(config.ssl_certfile))  # type: ignore[attr-defined]  # how Python's own tests read one
    assert ("DNS", "careful.example") in shown["subjectAltName"]
    assert Path(str(config.ssl_keyfile)).stat().st_mode & 0o077 == 0
    assert devices.authority_bundle_path(elsewhere).exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_certificate_is_kept_fresh_while_it_serves(world: World, monkeypatch: pytest.MonkeyPatch):
    kept: list[ssl.SSLContext] = []

    async def keep(_world: World, context: ssl.SSLContext) -> None:
        kept.append(context)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(web, "keep_fresh", keep)
    urls = dict.fromkeys(("console_url", "public_url", "device_url"), "https://careful.example")
    elsewhere = dataclasses.replace(world, settings=Settings(data=world.home, host="0.0.0.0", **urls))  # noqa: S104 (for an instant)
    configs = [page_config(elsewhere, _app, port) for port in free_ports(2)]
    web.serve_all([*configs, page_config(world, _app, free_ports(1)[0])], elsewhere)
    assert kept == [config.ssl for config in configs]


@pytest.mark.parametrize(
    ("versions", "suites", "speaks"),
    [
        pytest.param((ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3), "", True, id="TLS 1.3"),
        pytest.param(
            (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), "ECDHE+AESGCM", True, id="TLS 1.2, forward secrecy"
        ),
        pytest.param((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), "ECDHE+AES+SHA:@SECLEVEL=0", False, id="CBC"),
        pytest.param((ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1), "ALL:@SECLEVEL=0", False, id="TLS 1.1"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pages_speak_strong_tls_only(world, versions, suites: str, speaks: bool):
    given = Settings(data=world.home, host="192.0.2.1", console_url="https://careful.example")
    config = page_config(dataclasses.replace(world, settings=given), None, 0)
    config.load_app = lambda: None
    config.load()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.check_hostname, theirs.verify_mode = False, ssl.CERT_NONE
    theirs.minimum_version, theirs.maximum_version = versions
    if suites:
        theirs.set_ciphers(suites)
    assert config.ssl is not None
    assert shakes_hands(config.ssl, theirs) == speaks


def shakes_hands(ours: ssl.SSLContext, theirs: ssl.SSLContext) -> bool:
    """Tell whether two sides come to terms, in memory."""
    to_us, to_them = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [theirs.wrap_bio(to_them, to_us, server_hostname="x"), ours.wrap_bio(to_us, to_them, server_side=True)]
    for _ in range(6):
        done = 0
        for side in sides:
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
        if done == len(sides):
            return True
    return False
