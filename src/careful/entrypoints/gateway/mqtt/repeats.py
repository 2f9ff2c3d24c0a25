"""Records that a device says again word for word: under the same number, with the same time in them, not marked.

A resend after a lost connection comes first in the new one, so what is said before anything new does not count. Only
digests are remembered, and few of each device.
"""

from collections import deque

RECENT = 16
DEVICES_MOST = 50_000


class _Said:
    __slots__ = ("connection", "has_news", "recent")

    def __init__(self) -> None:
        self.connection, self.has_news = 0, False
        self.recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT)


class Repeats:
    """One gateway's memory. `connection` is any number that stands for one connection."""

    def __init__(self) -> None:
        self._devices: dict[str, _Said] = {}

    def is_repeat(self, device: str, connection: int, packet: int, record: bytes) -> bool:
        """Note a record, and tell whether it came before, in a connection that has said something new since."""
        said = self._devices.pop(device, None) or _Said()
        self._devices[device] = said
        if len(self._devices) > DEVICES_MOST:
            del self._devices[next(iter(self._devices))]
        if said.connection != connection:
            said.connection, said.has_news = connection, False
        same = (packet, record)
        if same in said.recent:
            return said.has_news
        said.recent.append(same)
        said.has_news = True
        return False
