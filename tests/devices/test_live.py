"""An act on one device holds it, and is refused for one that is not there or is retired."""

import pytest
from makers import Maker

from careful import devices
from careful.devices.live import lock_live
from careful.kernel.errors import NotFound, Refused


def test_a_device_is_held_unless_it_is_gone_or_was_never_there(world, staff, tmp_path):
    cam = Maker(world, staff, tmp_path).device("cam-1-001")
    with world.change(staff) as work:
        assert lock_live(work, cam).id == cam
        with pytest.raises(NotFound):
            lock_live(work, "nothing")
    devices.retire(world, staff, cam, "broken")
    with world.change(staff) as work, pytest.raises(Refused):
        lock_live(work, cam)
