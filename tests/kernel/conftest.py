"""A small event to record."""

from dataclasses import dataclass

import pytest

from careful.kernel.ledger import Event, event


@event("test.thing_done", subject="thing/{thing}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingDone(Event):
    """Something was done to a thing."""

    thing: str
    note: str = ""


@pytest.fixture
def thing_done() -> type[ThingDone]:
    return ThingDone
