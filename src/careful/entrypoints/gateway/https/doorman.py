"""Who polls, remembered for a moment: a poll on a kept connection costs no query.

What is remembered is dropped within a second of any cut (quarantine, revocation, retirement) and after a minute in any
case, so that what was ended is refused as fast here as on a live MQTT connection.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

from starlette.requests import Request

from careful import devices
from careful.devices import Identity
from careful.entrypoints.buckets import Buckets
from careful.entrypoints.gateway.https.identity import certificate_of, peer, shown, source_of
from careful.kernel.errors import Forbidden, Unauthenticated
from careful.kernel.work import World

_Answer = TypeVar("_Answer")
_Given = TypeVarTuple("_Given")
_MOST = 50_000
_KEPT_SECONDS = 60.0
_ASKING_THREADS = 2
"""Threads that ask the registry: who connects anew is asked for each time, and more threads only take turns at it."""


class Doorman:
    """Remembers identities for one process; used on the event loop only."""

    def __init__(self, world: World, *, fresh: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._world = world
        self._fresh = fresh
        self._monotonic = monotonic
        self._known: dict[object, tuple[Identity, float]] = {}
        self._cut = -1
        self._looked = float("-inf")
        self._wrong = Buckets(rate=1.0, burst=300)
        self._asking = ThreadPoolExecutor(_ASKING_THREADS, "doorman")

    async def admit(self, request: Request, device: str) -> Identity:
        """Return who asks, which must be `device`. Raises Unauthenticated, and Forbidden (told to the registry)."""
        if self._monotonic() - self._looked >= self._fresh:
            await self._look()
        key = shown(request, device)
        known = self._known.get(key)
        if known is None or self._monotonic() - known[1] >= _KEPT_SECONDS:
            identity = await self._first(request, device)
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[key] = (identity, self._monotonic())
        else:
            identity = known[0]
        if identity.device != device:
            await self._ask(self._tell, identity.device, device)
            raise Forbidden(f"You are {identity.device}, not {device[:64]}.")
        return identity

    async def _first(self, request: Request, device: str) -> Identity:
        """Ask who it is. Whoever guesses at tokens is soon told to wait, whatever it says next."""
        try:
            return await self._ask(peer, request, device)
        except Unauthenticated:
            if certificate_of(request) is None:
                self._wrong.take(source_of(request))
            raise

    async def _look(self) -> None:
        self._looked = self._monotonic()
        cut = await self._ask(devices.last_cut, self._world)
        if cut != self._cut:
            self._known.clear()
            self._cut = cut

    async def _ask(self, question: Callable[[*_Given], _Answer], *given: *_Given) -> _Answer:
        """Ask in a thread, straight through the loop: Starlette's own way does more around each call than we need."""
        return await asyncio.get_running_loop().run_in_executor(self._asking, question, *given)

    def _tell(self, device: str, other: str) -> None:
        now = self._world.clock.now()
        refusal = devices.Refusal(device, "other-device", f"asked for updates of {other[:64]}", 1, now)
        devices.record_refusals(self._world, [refusal])
