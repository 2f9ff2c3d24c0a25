"""Is the new software well? Asked while it is on trial; what raises SlotError here is rolled back."""

from collections.abc import Callable, Sequence
from pathlib import Path

from careful_device.errors import SlotError
from careful_device.model import Target
from careful_device.slots import SlotDriver, call

Health = Callable[[Target], None]


def health_of(slots: SlotDriver, command: Sequence[str], seconds: int, folder: Path) -> Health:
    """Return a check that the right version runs and that `command`, if any, says it works."""

    def check(target: Target) -> None:
        version, _slot = slots.running()
        if version != target.version:
            raise SlotError(f"version {version or 'unknown'} came up instead of {target.version}")
        if command:
            call(command, "the health check", seconds, None, folder)

    return check
