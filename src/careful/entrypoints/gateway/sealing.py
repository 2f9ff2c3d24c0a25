"""Sealing what a device says, before it lies anywhere: the one way for MQTT and HTTPS alike."""

import os
from collections.abc import Callable, Mapping

from careful import customer_data
from careful.customer_data import DataKey
from careful.products import Stream

_DRAWN_AT_ONCE = 16 * 1024


class Pool:
    """Random bytes from the operating system, fetched many at once; each is handed out once."""

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._bytes, self._at = b"", 0
        os.register_at_fork(after_in_child=self.empty)  # a child must not hand out what its parent does

    def empty(self) -> None:
        """Forget what was fetched."""
        self._bytes, self._at = b"", 0

    def draw(self, count: int) -> bytes:
        """Return `count` bytes. For use by one thread."""
        begin, end = self._at, self._at + count
        if end > len(self._bytes):
            self._bytes, begin, end = self._source(_DRAWN_AT_ONCE), 0, count
        self._at = end
        return self._bytes[begin:end]


def sealed(
    key: DataKey,
    topic: str,
    stream: Stream,
    fields: Mapping[str, object],
    payload: bytes,
    draw: Callable[[int], bytes] = os.urandom,
) -> tuple[bytes, bytes]:
    """Return a message with personal fields as it goes to the inbox, and the digest by which a resend of it is known.

    `key` is `customer_data.key_of` of its device; `topic` is without the device's prefix; `payload` is what came.
    """
    return customer_data.seal(key, topic, stream.version, stream.personal, fields, draw), key.digest(payload)
