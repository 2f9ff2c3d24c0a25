"""Where each device is connected, among several gateway processes: the newest connection wins, in whichever it is.

A gateway notes each device that joins it in the mailbox, under a number that grows; a claim of another gateway with a
higher number ends the connection here. A gateway that is alone notes nothing.
"""

from secrets import token_hex

from careful.kernel.mailbox import Box


class Places:
    """One gateway's view. Used by the mailbox's thread, except `lost`, which only empties a list."""

    def __init__(self, mailbox: Box, *, shared: bool) -> None:
        self._mailbox, self._shared = mailbox, shared
        self._name = token_hex(8)
        self._mine: dict[str, int] = {}
        self._lost: list[str] = []
        self._read = max((number for number, _, _ in mailbox.claims_after(0)), default=0) if shared else 0

    @property
    def shared(self) -> bool:
        """Whether there are other gateways."""
        return self._shared

    def claim(self, device: str) -> None:
        """Note that a device has joined here."""
        if self._shared:
            self._mine[device] = self._mailbox.claim(device, self._name)

    def read(self) -> None:
        """Look who has claimed our devices since."""
        if not self._shared:
            return
        for number, device, gateway in self._mailbox.claims_after(self._read):
            self._read = number
            if gateway != self._name and number > self._mine.get(device, number):
                del self._mine[device]
                self._lost.append(device)

    def lost(self) -> list[str]:
        """Return the devices that have joined another gateway, once."""
        lost, self._lost = self._lost, []
        return lost
