"""Holding a device that may still be changed: what an act on one device begins with."""

from careful.devices import store
from careful.devices.model import Device
from careful.kernel.errors import NotFound, Refused
from careful.kernel.work import Work


def lock_live(work: Work, device: str) -> Device:
    """Return the device, holding its row until the change ends. Raises NotFound, and Refused for a retired one."""
    found = store.lock_device(work.connection, device)
    if found is None:
        raise NotFound(f"There is no device {device!r}.", do="See: careful device list")
    if found[1].state == "retired":
        raise Refused(f"{device} is retired.")
    return found[0]
