"""The bytes of one direction of a TCP conversation in their order, from packets that may come twice, late or never."""

from collections.abc import Iterator

_MAX_EARLY = 64
_MAX_EARLY_BYTES = 256 * 1024
_MAX_WAIT = 3.0
"""Seconds after which a segment that is missing does not come any more."""
_HALF = 1 << 31
_ALL = (1 << 32) - 1


class Stream:
    """Puts segments in order. A hole that is not filled is stepped over, and said: `yield from` gives (bytes, gap)."""

    __slots__ = ("_early", "_early_bytes", "_heard", "_next", "_waits_since", "again")

    def __init__(self) -> None:
        self._next = -1
        self._early: dict[int, bytes] = {}
        self._early_bytes = 0
        self._waits_since = self._heard = 0.0
        self.again = 0
        """Segments that came again, whole."""

    def start(self, sequence: int) -> None:
        """Begin after a SYN."""
        self._next = (sequence + 1) & _ALL

    def take(self, sequence: int, data: bytes, length: int, at: float = 0.0) -> Iterator[tuple[bytes, bool]]:
        """Take one segment; `length` is what it had on the wire. Yield what is now in order, and if a hole precedes."""
        if self._early and at - self._waits_since > _MAX_WAIT:
            yield from self._step_over()
        before, self._heard = self._heard, at
        if self._next < 0:
            self._next = sequence
        ahead = (sequence - self._next) & _ALL
        if ahead >= _HALF:
            behind = _ALL + 1 - ahead
            if behind >= length:
                self.again += 1
                return
            data, length, ahead, sequence = data[behind:], length - behind, 0, self._next
        if ahead:
            self._keep(sequence, data, at)
            late = at - before > _MAX_WAIT  # what is missing would have come again by now
            if self._early and (late or len(self._early) > _MAX_EARLY or self._early_bytes > _MAX_EARLY_BYTES):
                yield from self._step_over()
            return
        self._next = (sequence + length) & _ALL
        yield data, False
        if len(data) < length:  # the recording kept only the beginning of the packet
            yield b"", True
        while self._early and self._next in self._early:
            more = self._early.pop(self._next)
            self._early_bytes -= len(more)
            self._next = (self._next + len(more)) & _ALL
            yield more, False

    def _keep(self, sequence: int, data: bytes, at: float) -> None:
        if not self._early:
            self._waits_since = at
        if data and sequence not in self._early:
            self._early[sequence] = data
            self._early_bytes += len(data)

    def _step_over(self) -> Iterator[tuple[bytes, bool]]:
        """Give up on the hole and go on with what came after it."""
        first = min(self._early, key=lambda one: (one - self._next) & _ALL)
        yield b"", True
        while first in self._early:
            more = self._early.pop(first)
            self._early_bytes -= len(more)
            first = (first + len(more)) & _ALL
            yield more, False
        self._next = first
