import asyncio

import pytest
from makers import Maker
from starlette.requests import Request

from careful import devices
from careful.entrypoints.gateway.https.doorman import Doorman
from careful.kernel.errors import Forbidden, TooMany, Unauthenticated


class Watch:
    at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    for name in ("cam-1-001", "cam-1-002"):
        made.device(name)
    return made


@pytest.fixture
def ask(world, maker, watch, monkeypatch):
    """Ask the doorman in; counts how often the registry was asked."""
    doorman = Doorman(world, fresh=1.0, monotonic=watch)
    asked = []
    real = devices.identify
    monkeypatch.setattr(devices, "identify", lambda *given: asked.append(1) or real(*given))
    app = type("App", (), {"state": type("State", (), {"world": world})})

    def request(certificate, device):
        der = maker.certificates.get(certificate)
        scope = {"type": "http", "headers": [], "app": app, "extensions": {"tls": {"client_cert_der": der}}}
        return asyncio.run(doorman.admit(Request(scope), device)), len(asked)

    return request


def test_who_comes_again_is_known(ask):
    assert ask("cam-1-001", "cam-1-001")[0].device == "cam-1-001"
    assert ask("cam-1-001", "cam-1-001")[1] == 1
    assert ask("cam-1-002", "cam-1-002")[1] == 2


def test_after_a_minute_everybody_is_asked_again(ask, watch):
    ask("cam-1-001", "cam-1-001")
    watch.at = 60.0
    assert ask("cam-1-001", "cam-1-001")[1] == 2


def test_who_was_cut_off_is_refused_within_a_second(ask, watch, world, staff):
    ask("cam-1-001", "cam-1-001")
    devices.quarantine(world, staff, "cam-1-001", "odd")
    watch.at = 1.0
    with pytest.raises(Forbidden):
        ask("cam-1-001", "cam-1-001")


def test_nobody_speaks_for_another_and_it_is_counted(ask, world):
    for _ in range(2):
        with pytest.raises(Forbidden, match="You are cam-1-001"):
            ask("cam-1-001", "cam-1-002")
    [refused] = devices.refusals(world, "cam-1-001")
    assert (refused.kind, refused.count) == ("other-device", 2)


def test_a_stranger_is_not_remembered(ask):
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            ask("nobody", "cam-1-001")


def test_who_guesses_at_tokens_is_told_to_wait(ask, monkeypatch):
    with pytest.raises(TooMany) as waiting:
        for _ in range(400):
            with pytest.raises(Unauthenticated):
                ask("nobody", "cam-1-001")
    assert waiting.value.retry_after >= 1
    assert ask("cam-1-001", "cam-1-001")[0].device == "cam-1-001"  # who shows a certificate is none of them
