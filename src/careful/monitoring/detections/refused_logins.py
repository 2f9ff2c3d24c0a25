"""Somebody fails to sign in as a device, again and again."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "refused_logins"
TITLE = "Refused logins"
WORDS = (
    "Under one name, or from one network without a name, logins were refused again and again within ten seconds. The "
    "device is not cut off for it: strangers could use that against its owner."
)
LIMIT = "5 refused logins in ten seconds. A device with a good certificate is never refused."
BUDGET = 0.001
ACTION: Action = "alert"

MOST = 5
_SECONDS = 10.0


class Memory(Struct, array_like=True, frozen=True):
    """When logins were refused, and how many, in the last ten seconds."""

    refused: tuple[tuple[float, int], ...] = ()


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Add up the last ten seconds."""
    if not window.refused_logins:
        return None, memory
    # What a longer window holds came somewhere in it.
    recent = tuple((at, count) for at, count in memory.refused if 0.0 <= window.end - at < _SECONDS)
    recent = (*recent, (window.end, window.refused_logins))
    total = sum(count for _, count in recent)
    if total < MOST:
        return None, Memory(recent)
    says = f"{number(total)} logins were refused within ten seconds."
    return fired(ID, window, total, MOST, "built-in", says, ACTION), Memory(recent[-MOST:])
