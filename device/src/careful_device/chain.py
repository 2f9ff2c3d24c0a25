"""The nonce to show at the next connection: whoever copied this device's key has not got it.

The server sends a new one at each connection. It is on disk before it counts; the server accepts the last two, so that
a power cut in between does no harm.
"""

import re
from pathlib import Path

from careful_device import files

TOPIC = "down/nonce"
BEGIN = "begin"
"""What is shown while there is none."""
_FORM = re.compile(rb"[A-Za-z0-9_-]{1,128}")


class Chain:
    """The nonce in `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def show(self) -> str:
        """Return what to show: the nonce, or the word that begins a chain."""
        try:
            kept = self._path.read_bytes()
        except OSError:
            return BEGIN
        return kept.decode() if _FORM.fullmatch(kept) else BEGIN

    def take(self, nonce: bytes) -> None:
        """Keep the next one. What is no nonce is left aside."""
        if _FORM.fullmatch(nonce):
            files.write(self._path, nonce, mode=0o600)
