"""How slowly a body may come."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints import patience
from careful.entrypoints.patience import Patience, TooSlow, allowed_seconds


def read(messages: list[tuple[float, dict[str, Any]]]) -> list[str]:
    """Let these messages come, each after its pause; return what the application saw."""
    waiting = iter(messages)
    seen: list[str] = []

    async def receive() -> dict[str, Any]:
        pause, message = next(waiting)
        await asyncio.sleep(pause)
        return message

    async def app(_scope: Any, limited: Any, _send: Any) -> None:
        seen.extend([(await limited())["type"] for _ in messages])

    asyncio.run(Patience(app)({"type": "http"}, receive, None))  # type: ignore[arg-type]
    return seen


def part(size: int, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_a_body_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "START_SECONDS", 0.05)
    with pytest.raises(TooSlow) as refused:
        read([(0.02, part(1))] * 9)
    assert refused.value.status == 408


def test_a_long_body_at_a_decent_pace_has_the_time_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "START_SECONDS", 0.05)
    assert len(read([(0.02, part(64 * 1024))] * 9)) == 9


def test_waiting_for_the_peer_to_leave_takes_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "START_SECONDS", 0.01)
    assert read([(0, part(1, more=False)), (0.1, {"type": "http.disconnect"})])[-1] == "http.disconnect"


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_more_bytes_more_time(one: int, other: int) -> None:
    assert (allowed_seconds(one) <= allowed_seconds(other)) == (one <= other) or one == other
