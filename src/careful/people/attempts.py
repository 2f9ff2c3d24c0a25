"""Failed attempts at a person's account, as the ledger knows them: what the person is told of them.

Told are attempts that reached a real account. Three since the last word are worth a mail, and one mail a day is enough:
who guesses without pause must not be able to fill a mailbox. The settings page shows the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from careful.kernel import ledger
from careful.kernel.ledger import Entry
from careful.kernel.work import World

WORTH_TELLING = 3
PAUSE = timedelta(days=1)
_REFUSED, _TOLD = "people.sign_in_refused", "people.attempts_told"
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts at one account that failed since its person was last told."""

    account: str
    count: int
    latest: datetime


def untold(world: World) -> list[Attempts]:
    """Return whom to write to now."""
    with world.look() as connection:
        entries = ledger.read(connection, names=(_REFUSED, _TOLD), limit=_LOOKED_AT, newest_first=True)
    return due(entries, world.clock.now())


def attempts_at(world: World, account: str, most: int = 10) -> list[tuple[datetime, str]]:
    """Return when attempts at an account failed, and why, newest first."""
    with world.look() as connection:
        entries = ledger.read(connection, names=(_REFUSED,), subject=f"staff/{account}", limit=most, newest_first=True)
    return [(entry.at, str(entry.data["reason"])) for entry in entries]


def due(newest_first: Sequence[Entry], now: datetime) -> list[Attempts]:
    """Decide from the ledger's lines who is to be told."""
    counts: dict[str, list[datetime]] = {}
    told: dict[str, datetime] = {}
    for entry in newest_first:
        account = str(entry.data["account"])
        if entry.name == _TOLD:
            told.setdefault(account, entry.at)
        elif account not in told and now - entry.at < PAUSE:
            counts.setdefault(account, []).append(entry.at)
    return [
        Attempts(account, len(moments), moments[0])
        for account, moments in counts.items()
        if len(moments) >= WORTH_TELLING and (account not in told or now - told[account] >= PAUSE)
    ]
