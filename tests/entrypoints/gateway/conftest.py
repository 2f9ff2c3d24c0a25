"""What the tests of every door for devices wait for."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from careful import devices
from careful.kernel.work import World


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait for what others do in their own time: return what a function returns, as soon as it is true."""

    def wait(found: Callable[[], Any], seconds: float = 20) -> Any:
        until = time.monotonic() + seconds
        while not (value := found()):
            assert time.monotonic() < until, "it never came to pass"
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture
def refused(world: World, eventually: Callable[..., Any]) -> Callable[[str, str], devices.RefusalCount]:
    """Return the count of a device's refusals of one kind, once the database has heard of them."""

    def find(device: str, kind: str) -> devices.RefusalCount:
        found: list[devices.RefusalCount] = eventually(
            lambda: [one for one in devices.refusals(world, device) if one.kind == kind]
        )
        return found[0]

    return find
