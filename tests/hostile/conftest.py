"""Every attack has its own house; passwords are hashed cheaply, as their strength is tested elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import hostile_house as houses
import persons
import pytest
from village import Village

from careful import people
from careful.kernel.clock import ManualClock
from careful.kernel.work import World


@pytest.fixture(autouse=True)
def _cheap_hashing(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("real_hashing"):
        yield
        return
    with persons.cheap_hashing():
        yield


@pytest.fixture
def house(world: World, clock: ManualClock, tmp_path: Path) -> Iterator[houses.House]:
    """A furnished house, served."""
    with houses.served(world) as here:
        yield houses.furnish(here, clock, tmp_path / "house", marked=False)


@pytest.fixture
def bare(world: World, clock: ManualClock, tmp_path: Path) -> Iterator[houses.House]:
    """A house with nothing in it but Ann, who leads it."""
    with houses.served(world) as here:
        village = Village(here, tmp_path)
        ann = persons.enrol(here, clock, people.first_link(here))
        yield houses.House(here, village, clock, here.settings.console_url, here.settings.public_url, ann)


@pytest.fixture
def marked(world: World, clock: ManualClock, tmp_path: Path) -> Iterator[houses.House]:
    """The same with every text chosen by somebody who means ill."""
    with houses.served(world) as here:
        yield houses.furnish(here, clock, tmp_path / "house", marked=True)
