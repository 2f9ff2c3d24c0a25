"""A backup without the epoch's key tells nothing that was sealed; with the key carried by itself it does."""

import shutil
from datetime import timedelta

import pytest

from careful import customer_data
from careful.customer_data import FOLDER, turn_epochs
from careful.kernel import archive
from careful.kernel.actors import OPERATOR
from careful.kernel.database import Database
from careful.kernel.errors import Unavailable
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World

DEVICE, PURPOSE = "cam-1-001", "help the owner"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def restored(house, tmp_path):
    """Back up, and bring that to another machine."""
    opened = []

    def restored():
        archive.backup(house.world, tmp_path / "b.tar.gz")
        home = tmp_path / f"new-{len(opened)}"
        archive.restore(tmp_path / "b.tar.gz", home)
        (tmp_path / "b.tar.gz").unlink()
        database = Database("", home)
        opened.append(database)
        return World(database, house.world.clock, Settings(data=home), Keys(home / "keys"), home)

    yield restored
    for one in opened:
        one.close()


def zones(world):
    return [one.values.get("zone") for one in customer_data.read(world, OPERATOR, PURPOSE, device=DEVICE).readings]


def test_without_the_key_nothing_opens_and_with_it_everything_does(house, restored):
    house.say("up/clip", zone="hall")
    new = restored()
    with pytest.raises(Unavailable, match="key of epoch 1 is not in"):
        zones(new)
    with pytest.raises(Unavailable):
        customer_data.key_of(new, DEVICE)  # so a gateway tells the device to come back later
    shutil.copytree(house.world.home / FOLDER, new.home / FOLDER)
    assert zones(new) == ["hall"]


def test_after_the_epoch_an_old_backup_tells_nothing_more(house, restored):
    house.say("up/clip", zone="hall")
    new = restored()
    house.world.clock.advance(timedelta(days=31))
    turn_epochs(house.world)
    shutil.copytree(house.world.home / FOLDER, new.home / FOLDER)  # what the old machine still has
    with pytest.raises(Unavailable):
        zones(new)
    assert customer_data.give_up_keys(new, OPERATOR) == 1
    assert customer_data.key_of(new, DEVICE).customer != customer_data.key_of(house.world, DEVICE).customer
