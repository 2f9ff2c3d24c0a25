"""Holding back: who fails to enrol too often waits, by source and by the first characters of the token.

Both are remembered under keyed digests, for two windows of five minutes, so the table tells nobody who asked. Only
failures count, so a factory that enrols thousands from one address is never held back.
"""

import hmac
from datetime import datetime

from careful.devices import store
from careful.devices.model import Refusal
from careful.devices.refused import count_refusals
from careful.kernel.actors import STRANGER
from careful.kernel.errors import CarefulError, TooMany
from careful.kernel.work import World

WINDOW_SECONDS = 300
SOURCE_FAILURES = 60
PREFIX_FAILURES = 10
_PREFIX = 8
_KIND = 40


def names_of(world: World, source: str, token: str) -> tuple[str, str]:
    """Return the two names under which failures are counted: of the source, and of the token's first characters."""
    key = world.keys.secret("attempts")
    named = (f"source {source}", f"token {token[:_PREFIX]}")
    source_name, token_name = (hmac.digest(key, name.encode(), "sha256").hex() for name in named)
    return source_name, token_name


def hold_back(world: World, who: tuple[str, str]) -> None:
    """Raise TooMany where source or token prefix failed too often in this window and the one before."""
    window = _window(world.clock.now())
    with world.look() as connection:
        failed = [store.attempts(connection, name, window) for name in who]
    if failed[0] >= SOURCE_FAILURES or failed[1] >= PREFIX_FAILURES:
        raise TooMany("Too many enrolments failed.", retry_after=2 * WINDOW_SECONDS, where="rate")


def note(world: World, refusal: CarefulError, who: tuple[str, ...]) -> None:
    """Count a refusal, in a transaction of its own: the one that was refused is rolled back."""
    reason = refusal.where or type(refusal).__name__.lower()
    with world.change(STRANGER) as work:
        store.count_attempt(work.connection, who, _window(work.now))
        count_refusals(work, [Refusal("", f"enrol.{reason}"[:_KIND], "", 1, work.now)])


def _window(now: datetime) -> int:
    return int(now.timestamp()) // WINDOW_SECONDS
