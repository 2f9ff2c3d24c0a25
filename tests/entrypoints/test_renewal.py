"""The server certificate is loaded anew for ever, whatever goes wrong on the way."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from careful import devices
from careful.entrypoints.renewal import keep_fresh
from careful.kernel.errors import Unavailable
from careful.kernel.work import World

# What is loaded is the same on either database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Context(ssl.SSLContext):
    """Loads a certificate and then ends the loop, where `failures` has nothing else in store."""

    failures: Iterator[Exception]
    loaded: list[tuple[Path, Path]]

    def load_cert_chain(self, certfile: Any, keyfile: Any = None, *_: Any) -> None:
        for failure in self.failures:
            raise failure
        super().load_cert_chain(certfile, keyfile)
        self.loaded.append((certfile, keyfile))
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([], id="nothing goes wrong"),
        pytest.param([Unavailable("The key is elsewhere.")], id="a refusal"),
        pytest.param([OSError(28, "No space left on device")], id="the disk"),
        pytest.param([ValueError("?"), RuntimeError("?"), KeyError("?")], id="faults nobody thought of"),
    ],
)
def test_it_is_tried_until_it_is_loaded_and_every_failure_is_logged(world: World, failures: list[Exception]) -> None:
    key, chain = devices.issue_server_certificate(world)
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    context.failures, context.loaded = iter(failures), []
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        asyncio.run(keep_fresh(world, context, every=0, again=0))
    assert context.loaded == [(chain, key)]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "server certificate not renewed" for _ in failures
    ]


def test_it_looks_again_sooner_after_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    devices.issue_server_certificate(world)
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    context.failures, context.loaded = iter([OSError("?")]), []
    monkeypatch.setattr("careful.entrypoints.renewal.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(keep_fresh(world, context, every=3600, again=60))
    assert pauses == [3600, 60]
