"""The customers' keys that one gateway holds, and the messages that wait for a key.

A device's key is fetched while it is being identified, in the thread that asks the database. Where it is missing all
the same (a declaration with personal fields came into force meanwhile), the connection's messages wait here, in their
order, until it is there. They wait too when the device says that it was reset: that is acknowledged when the customer's
key is destroyed. When a customer's time ends otherwise, the gateway, which looks four times a second, swaps their key
for the next customer's.
"""

import time
from collections import OrderedDict
from collections.abc import Collection, Container
from typing import TYPE_CHECKING

import structlog

from careful import customer_data
from careful.customer_data import DataKey
from careful.entrypoints.gateway.mqtt.events import RefusedByInbox, Store
from careful.entrypoints.gateway.sealing import Pool, sealed
from careful.kernel.errors import CarefulError
from careful.kernel.ids import new_id
from careful.kernel.work import World
from careful.products import Permit

if TYPE_CHECKING:
    import asyncio

    from careful.entrypoints.gateway.mqtt.connection import Connection
    from careful.entrypoints.gateway.mqtt.gateway import Gateway

RESET = "event/reset"
"""The event with which a device says that it was reset to how it left the factory."""
_ENDED_REMEMBERED = 10_000
_log = structlog.get_logger(__name__)


class Keyring:
    """Device -> its present customer's key. Filled and renewed in threads, read in the event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[str, DataKey] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._absent: set[str] = set()
        self._holder = new_id()
        self._beat = -customer_data.HOLD_SECONDS
        self._held = time.monotonic()

    def end(self) -> None:
        """Let it be known that this process ends."""
        customer_data.end_holding(self._world, self._holder)

    def beat(self) -> None:
        """Let it be known, now and then, that this process holds keys."""
        if time.monotonic() - self._beat >= customer_data.HOLD_SECONDS:
            began = time.monotonic()
            customer_data.hold(self._world, self._holder)
            self._beat = self._held = began

    def watch(self, loop: "asyncio.AbstractEventLoop") -> None:
        """Let go of all keys, whatever hangs, once this could not be made known for too long: receipts rely on it."""
        if self._keys and time.monotonic() - self._held >= customer_data.LAPSE_SECONDS:
            _log.error("the database does not answer: all keys of customers are let go of", keys=len(self._keys))
            self._keys.clear()
        loop.call_later(customer_data.HOLD_SECONDS, self.watch, loop)

    def get(self, device: str) -> DataKey | None:
        """Return the key, where it was fetched."""
        return self._keys.get(device)

    def fetch(self, device: str) -> None:
        """Fetch the key of a device's present customer; their time begins with this where there is none."""
        while True:
            key = self._keys[device] = customer_data.key_of(self._world, device)
            if key.customer not in self._ended:  # else it ended while we fetched, and whoever looks had nothing to swap
                return

    def reset(self, device: str) -> None:
        """End the customer's time, because the device says that it was reset, and have the next one's key."""
        if customer_data.reset(self._world, device) is not None and self._keys.pop(device, None) is not None:
            self.fetch(device)

    def keep(self, connected: Container[str]) -> None:
        """Let go of the keys of devices that are not connected, unless they were fetched since the last time."""
        absent = {device for device in list(self._keys) if device not in connected}
        for device in absent & self._absent:
            self._keys.pop(device, None)
        self._absent = absent

    def swap(self, ended: Collection[tuple[str, str]], connected: Container[str]) -> None:
        """Replace the keys of customers whose time has ended (device and customer), and say that it is done."""
        for device, customer in ended:
            self._ended[customer] = None
            while len(self._ended) > _ENDED_REMEMBERED:
                self._ended.popitem(last=False)
            held = self._keys.get(device)
            if held is None or held.customer != customer:
                continue
            if device not in connected:
                self._keys.pop(device, None)
                continue
            try:
                self.fetch(device)
            except CarefulError as refusal:  # retired, or no key to be had: what the device says now is not taken
                self._keys.pop(device, None)
                _log.warning("a device has no customer any more", device=device, why=str(refusal))
        customer_data.let_go(self._world, self._holder, {customer for _, customer in ended if customer})


class Sealing:
    """Seals what connections say. `waiting` holds what waits for a key, by connection."""

    def __init__(self, gateway: "Gateway", keys: Keyring) -> None:
        self._gateway, self.keys = gateway, keys
        self._draw = Pool().draw
        self.waiting: dict[Connection, list[Store]] = {}
        self._reset: set[Connection] = set()

    def seal(self, connection: "Connection", wanted: Store) -> tuple[bytes, bytes] | None:
        """Return what goes to the inbox and its digest; None where it has to wait, and comes back by itself."""
        waiting = self.waiting.get(connection)
        if waiting is not None:
            waiting.append(wanted)
            return None
        if wanted.topic == RESET and connection not in self._reset:
            self.waiting[connection] = [wanted]
            self._reset.add(connection)
            self._when_done(connection, self._gateway.ask(self.keys.reset, connection.session.device))
            return None
        self._reset.discard(connection)
        if wanted.stream is None or wanted.fields is None:
            return wanted.payload, b""
        key = self.keys.get(connection.session.device)
        if key is None:
            self.waiting[connection] = [wanted]
            self._when_done(connection, self._gateway.ask(self.keys.fetch, connection.session.device))
            return None
        return sealed(key, wanted.topic, wanted.stream, wanted.fields, wanted.payload, self._draw)

    def _when_done(self, connection: "Connection", job: "asyncio.Future[None]") -> None:
        """Go on with what waits once the database has answered, or say that it is not taken."""
        device = connection.session.device

        def done(future: "asyncio.Future[None]") -> None:
            stores = self.waiting.pop(connection, [])
            failure = None if future.cancelled() else future.exception()
            if future.cancelled() or failure is not None:
                self._reset.discard(connection)
                _log.error("a customer's key cannot be had", device=device, why=str(failure))
                connection.feed(RefusedByInbox(tuple(one.token for one in stores if one.token), str(failure)))
                return
            for one in stores:
                self._gateway.store(connection, one)

        job.add_done_callback(done)


def needs_key(permit: Permit) -> bool:
    """Tell whether devices may say anything personal."""
    return any(one.personal for one in (*permit.streams.values(), *permit.shapes.values()))
