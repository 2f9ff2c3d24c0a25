"""How slow an answer may come. Pure: a server that sends a byte now and then would otherwise hold a device for ever.

In every `WINDOW` seconds at least `SLOWEST` bytes a second must arrive, headers included. That is far below the slowest
radio (NB-IoT has some thousand), and far above what an attacker needs to keep a device from its fix for weeks.
"""

WINDOW = 60.0
SLOWEST = 100


class Pace:
    """The pace of one answer, which began at `now` (seconds of any clock that does not jump)."""

    def __init__(self, now: float, *, window: float = WINDOW, slowest: float = SLOWEST) -> None:
        self._since = now
        self._bytes = 0
        self._window = window
        self._slowest = slowest

    def keeps(self, now: float, arrived: int) -> bool:
        """Tell whether the answer is fast enough, now that `arrived` more bytes are here."""
        self._bytes += arrived
        if now - self._since < self._window:
            return True
        enough = self._bytes >= self._slowest * self._window
        self._since, self._bytes = now, 0
        return enough
