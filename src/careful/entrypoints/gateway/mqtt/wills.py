"""Wills that wait: MQTT 5 lets a device be away for a while before it is called offline."""

import asyncio
from collections.abc import Callable

Say = Callable[[], None]


class Wills:
    """At most one will a device. What a will says is done by `Say`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[str, tuple[asyncio.TimerHandle, Say]] = {}

    def later(self, device: str, seconds: float, say: Say) -> None:
        """Say it after so many seconds, unless the device is back before."""
        self._waiting[device] = self._loop.call_later(seconds, self._due, device), say

    def back(self, device: str, *, clean: bool) -> None:
        """Take back what waits for a device that is there again; one that begins anew has ended its old session."""
        found = self._waiting.pop(device, None)
        if found is not None:
            found[0].cancel()
            if clean:
                found[1]()

    def say_all(self) -> None:
        """Say all that waits: nobody will be there to say it later."""
        for device in list(self._waiting):
            self.back(device, clean=True)

    def _due(self, device: str) -> None:
        _, say = self._waiting.pop(device)
        say()
