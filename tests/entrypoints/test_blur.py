"""Answers that leave after a pause of chance."""

import time

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from careful.entrypoints import blur
from careful.entrypoints.blur import Blurred


def test_only_what_it_concerns_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blur.secrets, "randbelow", lambda most: most - 1)
    held = Blurred(PlainTextResponse("ok"), concerns=lambda method, path: (method, path) == ("POST", "/in"))
    client = TestClient(held)
    for method, path, waits in (("POST", "/in", True), ("GET", "/in", False), ("POST", "/out", False)):
        began = time.monotonic()
        assert client.request(method, path).text == "ok"
        assert (time.monotonic() - began >= 0.25) == waits, (method, path)


def test_the_pause_is_of_chance() -> None:
    client = TestClient(Blurred(PlainTextResponse("ok"), concerns=lambda *_: True))
    taken = set()
    for _ in range(6):
        began = time.monotonic()
        client.get("/")
        taken.add(round(time.monotonic() - began, 2))
    assert len(taken) > 2
