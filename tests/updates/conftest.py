"""What tests of updates share: a maker, and devices that answer their orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from makers import Maker

from careful import devices, updates
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.work import World
from careful.updates.model import Limits, Report, Rollout, Wave

DONE = Report(execution="closed", finished="success", details=("running it",))
FAILED = Report(execution="closed", finished="failure", details=("rolled back: health check failed",))


@pytest.fixture
def maker(world: World, staff: Actor, tmp_path: Path) -> Maker:
    return Maker(world, staff, tmp_path)


@dataclass(frozen=True)
class Hands:
    """Lets time, planner and devices act."""

    world: World

    def advance(self) -> None:
        """Let the planner work until nothing is left to do."""
        for _ in range(50):
            if not updates.advance(self.world):
                return
        pytest.fail("the planner never comes to rest")

    def answer(self, names: Sequence[str], report: Report = DONE) -> None:
        """Let devices with an order read and close it, then the planner go on."""
        for device in names:
            order = updates.order_for(self.world, device)
            if order is not None and not order.cancelling:
                updates.retrieved(self.world, device, order.id)
                updates.feedback(self.world, device, order.id, report)
                if report.finished == "success" and not order.drill:
                    devices.report_version(self.world, device, order.version, "ddi")
        self.advance()

    def ordered(self, devices: Sequence[str]) -> list[str]:
        """Return which devices have an order."""
        return [device for device in devices if updates.order_for(self.world, device) is not None]

    def events(self, *names: str) -> list[tuple[str, dict]]:
        with self.world.look() as connection:
            listed = ledger.read(connection, names=names)
        return [
            (one.name.removeprefix("updates."), dict(one.data)) for one in listed if one.name.startswith("updates.")
        ]

    def names(self) -> list[str]:
        return [name for name, _ in self.events() if name != "metadata_published"]


@pytest.fixture
def hands(world: World) -> Hands:
    return Hands(world)


@pytest.fixture
def done() -> Report:
    return DONE


@pytest.fixture
def failed() -> Report:
    return FAILED


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
