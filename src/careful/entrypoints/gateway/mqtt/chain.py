"""The chain of nonces at the gateway: what a device shows when it connects, and what it gets for the next time.

It costs one look into the database a connection, and a write for those that take part; nobody waits for it.
"""

import asyncio
from typing import TYPE_CHECKING

import structlog

from careful import monitoring
from careful.kernel.errors import CarefulError
from careful.kernel.mailboxes import send_down
from careful.kernel.work import World

if TYPE_CHECKING:
    from careful.entrypoints.gateway.mqtt.gateway import Gateway

BEGIN = b"begin"
"""What a device shows that takes part and has no nonce yet."""
LONGEST = 128
_AFTER_SECONDS = 0.2  # a session that begins anew forgets what waits for it; this must come after
_log = structlog.get_logger(__name__)


class Chain:
    """Asks and answers in threads; what a nonce says is counted by the watch."""

    def __init__(self, gateway: "Gateway", world: World) -> None:
        self._gateway, self._world = gateway, world

    def joined(self, device: str, shown: bytes) -> None:
        """Judge what a device has shown, and send it the next nonce where it takes part."""
        self._gateway.loop.call_later(_AFTER_SECONDS, self._ask, device, shown[:LONGEST])

    def _ask(self, device: str, shown: bytes) -> None:
        def done(future: "asyncio.Future[str]") -> None:
            failure = None if future.cancelled() else future.exception()
            if failure is not None:
                _log.error("a nonce could not be judged", device=device, why=repr(failure))
            elif not future.cancelled():
                self._gateway.signals.chained(device, future.result())

        try:
            self._gateway.ask(self._turn, device, shown).add_done_callback(done)
        except RuntimeError:
            return  # the gateway has ended

    def _turn(self, device: str, shown: bytes) -> str:
        nonce = None if shown in {b"", BEGIN} else shown
        said = monitoring.present(self._world, device, nonce)
        if shown and said != "fork":
            new = monitoring.hand_out(self._world, device, nonce)
            try:
                send_down(self._world, device, monitoring.NONCE_TOPIC, new.encode())
            except CarefulError as full:  # it has not come for its mail in a thousand connections
                _log.info("a nonce could not be sent", device=device, why=str(full))
        return said
