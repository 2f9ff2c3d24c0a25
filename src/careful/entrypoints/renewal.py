"""A server certificate that is made anew before it ends, and loaded while the server runs.

Connections under way keep the certificate they began with. Whatever goes wrong is logged and tried again: a loop that
died of one fault would be noticed only when the certificate ends and no device can connect any more.
"""

import asyncio
import ssl

import structlog

from careful import devices
from careful.kernel.errors import CarefulError
from careful.kernel.work import World

LOOK_SECONDS = 3600.0
AGAIN_SECONDS = 60.0
_log = structlog.get_logger(__name__)


async def keep_fresh(
    world: World, context: ssl.SSLContext, *, every: float = LOOK_SECONDS, again: float = AGAIN_SECONDS
) -> None:
    """Load the server certificate that is in force into `context`, `every` so many seconds, `again` after a failure.

    Runs until it is cancelled.
    """
    pause = every
    while True:
        await asyncio.sleep(pause)
        pause = every
        try:
            key, chain = await asyncio.to_thread(devices.issue_server_certificate, world)
            context.load_cert_chain(chain, key)
        except (CarefulError, OSError) as failure:
            _log.error("server certificate not renewed", why=str(failure), again_in=again)
            pause = again
        except Exception as failure:  # noqa: BLE001 (whatever it is, trying must go on until the certificate is there)
            _log.error("server certificate not renewed", why=repr(failure), again_in=again, exc_info=True)
            pause = again
