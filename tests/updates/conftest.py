"""What tests of updates share."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from careful.updates.model import Limits, Rollout, Wave


@pytest.fixture
def rollout_like() -> Callable[..., Rollout]:
    """Make a rollout of given waves."""

    def make(*waves: Wave) -> Rollout:
        return Rollout(
            id="r",
            product="cam-1",
            version="1.0.1",
            release="x",
            state="running",
            reason="",
            limits=Limits(),
            generation=1,
            open_waves=0,
            waves=waves,
            excluded=(),
            started_at=datetime(2026, 11, 2, tzinfo=UTC),
            finished_at=None,
        )

    return make
