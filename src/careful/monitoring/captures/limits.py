"""What a stranger's recording may cost: bounds on size, count and time, and the errors that say one was met."""

from dataclasses import dataclass
from typing import ClassVar

from careful.kernel.errors import CarefulError, Invalid


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one reading. What goes beyond ends it, with what was read before kept."""

    bytes: int = 64 * 2**30
    frames: int = 500_000_000
    frame_bytes: int = 256 * 1024
    """Ethernet frames are 1.5 kB, offloading makes 64 kB of them. Anything larger is damage."""
    line_bytes: int = 256 * 1024
    interfaces: int = 4_096
    windows: int = 100_000_000
    """Windows made of one recording: what bounds its time, also where its own clock leaps."""
    conversations: int = 100_000
    """Conversations held open at one time; those that were silent longest are closed first."""
    names: int = 100_000
    """Addresses whose name is remembered."""
    devices: int = 10_000
    topics: int = 1_000
    """Topics counted by name for one device in one window; the rest is counted as `*`."""


class Damaged(CarefulError):
    """A recording that cannot be read on. What came before it was already given."""

    status: ClassVar[int] = 400


class NotRead(Invalid):
    """A file of a kind that is not known here, or one that is beyond a limit."""
