"""What one source may ask: a bucket that empties and fills, and a memory that does not grow without end."""

import pytest

from careful.entrypoints import buckets as module
from careful.entrypoints.buckets import Buckets
from careful.kernel.errors import TooMany


def test_a_bucket_empties_and_fills_again() -> None:
    now = [0.0]
    buckets = Buckets(rate=2, burst=3, now=lambda: now[0])
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(TooMany) as refused:
        buckets.take("a")
    assert refused.value.retry_after == 1
    buckets.take("b")
    now[0] = 0.5
    buckets.take("a")
    with pytest.raises(TooMany):
        buckets.take("a")


def test_a_flood_of_sources_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SOURCES", 10)
    buckets = Buckets(rate=1, burst=1)
    for number in range(100):
        buckets.take(str(number))
    assert len(buckets._levels) <= 10
