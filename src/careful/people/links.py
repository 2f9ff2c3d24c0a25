"""One-time links: how anybody gets in for the first time. There is no default account and no default password.

A link holds 256 random bits, lives an hour, works once, and its digest alone is stored. Redeeming it opens a session
that can do one thing only: set a passkey, or a password with TOTP.
"""

from datetime import timedelta

from careful.kernel.actors import OPERATOR, STRANGER, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.role_names import what_instead
from careful.kernel.work import Work, World
from careful.people import secrets, store
from careful.people.approvals import only_light
from careful.people.events import AccountCreated, LinkIssued, RecoveryBegun
from careful.people.model import LinkPurpose, clean_email, clean_name
from careful.people.queries import account_of
from careful.people.roles import ROLES
from careful.people.sessions import Door, Entrance, end_in, open_session

LINK_MINUTES = 60
_HANDLE_BYTES = 32


def first_link(world: World) -> str:
    """Return the address with which the first person, an administrator, gets in; an earlier unused one stops working.

    Raises Refused when somebody can sign in already.
    """
    with world.change(OPERATOR) as work:
        if store.active_roles(work.connection):
            raise Refused(
                "Somebody can sign in already, so there is no first link.",
                do="To add a person: careful staff link --role ROLE. To help one: careful staff link --recover E-MAIL.",
            )
        for account in store.pending_accounts(work.connection):
            end_in(work, account, "ended")  # whoever held an older first link starts again with this one
        return _issue(world, work, "first", ("administrator",), None)


def invite(world: World, actor: Actor, roles: tuple[str, ...]) -> str:
    """Return an address with which a new person gets in, with these roles.

    Raises Invalid for an unknown role, Refused for one that is raised with a second person only.
    """
    chosen = known_roles(roles)
    with world.change(actor) as work:
        only_light(work, chosen)
        return _issue(world, work, "invitation", chosen, None)


def recovery_link(world: World, actor: Actor, email: str) -> str:
    """Return an address with which a person who lost their factors sets new ones. Raises NotFound, Refused.

    Whoever makes it vouches for the person, so nobody makes their own; an address for mail alone resets nothing here.
    """
    person = account_of(world, email)
    if actor == Actor("staff", person.id):
        raise Refused(
            "Somebody else has to vouch for you.",
            do="Ask another administrator; or set a passkey or a password yourself while you are signed in.",
        )
    if person.state == "disabled":
        raise Refused("That account is disabled.", do="Invite the person again under another address.")
    with world.change(actor) as work:
        return _issue(world, work, "recovery", person.roles, person.id)


def redeem(world: World, secret: str, *, name: str, email: str, door: Door) -> Entrance:
    """Burn a link and open the session in which the person sets their factors.

    A recovery link takes the old factors and sessions away at this moment; it needs no name or address. Raises
    NotFound for a link that is used, expired or unknown, Refused when the address belongs to somebody who can sign in.
    """
    with world.change(STRANGER) as work:
        link = store.take_link(work.connection, secrets.digest(secret), work.now)
        if link is None:
            raise NotFound(
                "This link was used already, has expired, or never was one.",
                do="On the server, run: careful staff link",
            )
        if link.purpose == "first" and store.active_roles(work.connection):
            raise Refused("Somebody got in first with another link.", do="Ask them to invite you.")
        if link.account is not None:
            account = _recover(work, link.account, link.id)
        else:
            account = _create(work, tuple(link.roles), link.id, clean_name(name), clean_email(email))
        return open_session(work, account, "enrolling", "enrolment", door)


def known_roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles sorted and once each. Raises Invalid for none, or for a name that is no role."""
    chosen = tuple(sorted(set(roles)))
    if not chosen:
        raise Invalid(f"Roles are: {', '.join(ROLES)}.", do="Choose at least one of them.", where="roles")
    for role in chosen:
        if role not in ROLES:
            raise Invalid(f"{role[:40]!r} is no role.", do=what_instead(role), where="roles")
    return chosen


def _issue(world: World, work: Work, purpose: LinkPurpose, roles: tuple[str, ...], account: str | None) -> str:
    if purpose != "invitation":
        store.void_links(work.connection, purpose, account)
    secret, link = secrets.new_secret(), new_id()
    expires_at = work.now + timedelta(minutes=LINK_MINUTES)
    store.add(
        work.connection,
        store.links,
        {
            "id": link,
            "digest": secrets.digest(secret),
            "purpose": purpose,
            "roles": list(roles),
            "account": account,
            "issued_at": work.now,
            "expires_at": expires_at,
            "used_at": None,
        },
    )
    work.record(LinkIssued(link=link, purpose=purpose, roles=roles, expires_at=expires_at))
    return f"{world.settings.console_url}/first/{secret}"


def _create(work: Work, roles: tuple[str, ...], link: str, name: str, email: str) -> str:
    existing = store.account_by_email(work.connection, email)
    if existing is not None and existing.state != "pending":
        raise Refused("That e-mail address has an account.", do="Take another address, or ask for a recovery link.")
    if existing is not None:  # begun before with an older link, and never finished: nothing in it to protect
        end_in(work, existing.id, "ended")
        store.change_account(work.connection, existing.id, {"name": name, "roles": list(roles)})
        account = str(existing.id)
    else:
        account = new_id()
        store.add(
            work.connection,
            store.accounts,
            {
                "id": account,
                "name": name,
                "email": email,
                "roles": list(roles),
                "state": "pending",
                "handle": secrets.new_bytes(_HANDLE_BYTES),
                "created_at": work.now,
                "password_hash": None,
                "totp_sealed": None,
                "totp_step": 0,
            },
        )
    work.record(AccountCreated(account=account, link=link, roles=roles))
    return account


def _recover(work: Work, account: str, link: str) -> str:
    row = store.account_row(work.connection, account)
    if row is None or row.state == "disabled":
        raise Refused("That account is disabled.", do="Ask an administrator for an invitation.")
    end_in(work, account, "factors-changed")
    store.drop_passkeys(work.connection, account)
    store.replace_recovery_codes(work.connection, account, ())
    store.forget_browsers(work.connection, account)
    store.change_account(work.connection, account, {"state": "pending", "password_hash": None, "totp_sealed": None})
    work.record(RecoveryBegun(account=account, link=link))
    return account
