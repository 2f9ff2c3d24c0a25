"""Telling people that somebody tried to get into their account: by mail, once a day at most."""

from careful import notices, people
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

WHAT = "Failed attempts to sign in"


def tell(world: World) -> int:
    """Write to whoever's account was tried at; return how many people."""
    due = people.untold_attempts(world)
    if not due:
        return 0
    known = {one.id: one for one in people.list_accounts(world) if one.state == "active"}
    with world.change(SYSTEM) as work:
        for one in due:
            if person := known.get(one.account):
                body = (
                    f"{one.count} attempts to sign in to your account failed, the last at "
                    f"{one.latest:%Y-%m-%d %H:%M} UTC.\n\nIf it was you, there is nothing to do. If not: nobody got "
                    f"in, and browsers that you signed in with before are not held up. A passkey cannot be guessed; "
                    f"if you have none yet, add one: {world.settings.console_url}/settings"
                )
                payload = {"to": person.email, "subject": f"Careful: {WHAT.lower()}", "body": body, "id": one.account}
                work.post(notices.STAFF_MAIL, payload, key=f"attempts/{one.account}/{one.latest:%Y%m%dT%H%M%S}")
            work.record(people.AttemptsTold(account=one.account, attempts=one.count))
    return len(due)
