"""Setting a product's policy."""

import pytest

from careful import releases
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound


def events(world):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=["releases.policy_set"])]


def test_a_policy_is_set_once_and_told(world, staff, camera):
    assert releases.policy(world, camera) == releases.Policy()
    releases.set_policy(world, staff, camera, b'[deltas]\nformat = "off"\n')
    releases.set_policy(world, staff, camera, b'[deltas]\nformat = "off"\n')
    assert releases.policy(world, camera).delta_format == "off"
    [told] = events(world)
    assert (told["product"], told["required"], len(told["digest"])) == ("cam-1", False, 64)


def test_a_file_cannot_be_named_from_afar(world, staff, camera):
    with pytest.raises(Invalid, match="names a file"):
        releases.set_policy(world, staff, camera, b'[bundles]\nsigners = ["/etc/passwd"]\n')


def test_an_unknown_product(world, staff):
    with pytest.raises(NotFound):
        releases.set_policy(world, staff, "nobody", b"")
