"""Telling the executive, by mail, that somebody opened very many customers' records in an emergency; once for each."""

from datetime import timedelta

from careful import customer_data, notices, people
from careful.customer_data import Excess
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

LATELY = timedelta(days=7)


def tell(world: World) -> int:
    """Write to every executive, or where there is none to every administrator; return about how many emergencies."""
    due = [
        one
        for one in customer_data.excesses(world, world.clock.now() - LATELY)
        if not customer_data.excess_told(world, one.glass)
    ]
    if not due:
        return 0
    active = [one for one in people.list_accounts(world) if one.state == "active"]
    chosen = [one for one in active if "executive" in one.roles] or [
        one for one in active if "administrator" in one.roles
    ]
    for excess in due:
        with world.change(SYSTEM) as work:
            for one in chosen:
                payload = {"to": one.email, "subject": _SUBJECT, "body": _body(world, excess), "id": excess.glass}
                work.post(notices.STAFF_MAIL, payload, key=f"glass/{excess.glass}/{one.id}")
            work.record(customer_data.GlassTold(glass=excess.glass, people=len(chosen)))
    return len(due)


_SUBJECT = "Careful: many customers' records were about to be opened"


def _body(world: World, one: Excess) -> str:
    return (
        f"{one.reader} was about to open {one.records} records of {one.devices} customers within ten minutes, in an"
        f" emergency with case number {one.case_number}. It was refused, and their sessions were ended.\n\n"
        f"Ask them why. Every record that was opened before is in the ledger: {world.settings.console_url}"
        f"/devices/{one.device}/break-glass"
    )
