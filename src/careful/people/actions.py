"""What an administrator may do with other people's access: change roles, disable.

Nobody can take the last administrator away.
"""

from typing import Any

from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound, Refused
from careful.kernel.work import Work, World
from careful.people import rights_store, store, ways_in_store
from careful.people.access import end_access
from careful.people.approvals import drop_asked_by, note_two
from careful.people.events import AccountDisabled, RolesChanged
from careful.people.links import known_roles
from careful.people.roles import scopes_of
from careful.people.sessions import end_in
from careful.people.tokens import end_tokens_in


def change_roles(world: World, actor: Actor, account: str, roles: tuple[str, ...]) -> None:
    """Give a person these roles and end their sessions. Raises Invalid, NotFound, Refused (the last administrator)."""
    chosen = known_roles(roles)
    with world.change(actor) as work:
        held = scopes_of(_need(work, account).roles)
        if "administrator" not in chosen:
            _keep_an_administrator(work, account)
        store.change_account(work.connection, account, {"roles": list(chosen)})
        rights_store.forget(work.connection, account, scopes_of(chosen) & held)
        rights_store.grant(work.connection, account, scopes_of(chosen) - held, work.now)
        end_in(work, account, "rights-changed")
        work.record(RolesChanged(account=account, roles=chosen))
        note_two(work)


def disable(world: World, actor: Actor, account: str) -> None:
    """Let a person leave, in one act: every session, factor, linked identity and token of theirs ends at once.

    What they asked a second person for falls. Raises NotFound, Refused for the last administrator.
    """
    with world.change(actor) as work:
        _need(work, account)
        _keep_an_administrator(work, account)
        store.change_account(work.connection, account, {"state": "disabled"})
        end_access(work, account, "disabled")
        end_tokens_in(work, account)
        rights_store.forget(work.connection, account)
        drop_asked_by(work, account)
        work.record(AccountDisabled(account=account))


def _need(work: Work, account: str) -> Any:  # noqa: ANN401 (a row)
    row = store.account_row(work.connection, account)
    if row is None:
        raise NotFound("There is no such person.", do="Run: careful staff list")
    if row.state == "disabled":
        raise Refused("That account is disabled.")
    return row


def _keep_an_administrator(work: Work, account: str) -> None:
    if ways_in_store.local_administrators(work.connection) == {account}:
        raise Refused("That is the last administrator.", do="Make somebody else an administrator first.")
