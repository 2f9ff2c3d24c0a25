"""`careful staff`: one-time links, who there is, and ending sessions. Whoever runs this owns the server."""

import click

from careful import people
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.workflows import second_person


@click.group(name="staff")
def command() -> None:
    """Invite people and end their sessions."""


@command.command()
@click.option("--role", "roles", multiple=True, help="Invite somebody with this role; may be given more than once.")
@click.option("--recover", metavar="E-MAIL", help="Help somebody who lost their passkey, password or phone.")
@json_option
@click.pass_context
def link(ctx: click.Context, *, roles: tuple[str, ...], recover: str | None, as_json: bool) -> None:
    """Make a one-time link; it works once, for 60 minutes.

    Without options it is the first administrator's link; it can be made again until somebody has signed in.
    """
    world = ctx.obj.world()
    if roles and recover:
        raise Invalid("A link either invites or recovers.", do="Give --role or --recover, not both.")
    if recover:
        address, says = people.recovery_link(world, OPERATOR, recover), "They set new ways to sign in with"
    elif roles:
        address, says = people.invite(world, OPERATOR, roles), "Whoever opens this gets in"
    else:
        address, says = people.first_link(world), "The first administrator gets in with"
    if as_json:
        say_json({"link": address, "minutes": people.LINK_MINUTES})
        return
    click.echo(f"{says} (once, for {people.LINK_MINUTES} minutes):\n  {address}")


@command.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List people with their roles and how they sign in."""
    world = ctx.obj.world()
    staff = people.list_accounts(world)
    open_sessions = people.sessions_of(world)
    if as_json:
        say_json(staff)
        return
    rows = [
        (
            person.name,
            person.email,
            person.roles,
            person.state,
            person.passkeys,
            "yes" if person.has_password else "no",
            sum(session.account == person.id for session in open_sessions),
        )
        for person in staff
    ]
    columns = ("Name", "E-mail", "Roles", "State", "Passkeys", "Password", "Sessions")
    say_table("People", columns, rows, empty="Nobody yet. Run: careful staff link")


@command.command(name="end-sessions")
@click.argument("email")
@json_option
@click.pass_context
def end_sessions(ctx: click.Context, *, email: str, as_json: bool) -> None:
    """End all sessions of one person."""
    world = ctx.obj.world()
    person = people.account_of(world, email)
    ended = people.end_all_sessions(world, OPERATOR, person.id)
    if as_json:
        say_json({"account": person.id, "ended": ended})
    else:
        click.echo(f"{ended} {'session' if ended == 1 else 'sessions'} of {person.name} ended.")


@command.command()
@click.argument("email")
@json_option
@click.pass_context
def disable(ctx: click.Context, *, email: str, as_json: bool) -> None:
    """Take all of one person's access away."""
    _end_access(ctx, email, "{} has no access any more.", as_json=as_json)


@command.command()
@click.argument("email")
@json_option
@click.pass_context
def leave(ctx: click.Context, *, email: str, as_json: bool) -> None:
    """Let one person leave: every session, passkey, code, linked identity and token of theirs ends at once."""
    _end_access(
        ctx, email, "{} has left: no session, passkey, code or token of theirs opens anything.", as_json=as_json
    )


def _end_access(ctx: click.Context, email: str, said: str, *, as_json: bool) -> None:
    world = ctx.obj.world()
    person = people.account_of(world, email)
    people.disable(world, OPERATOR, person.id)
    if as_json:
        say_json({"account": person.id, "state": "disabled"})
    else:
        click.echo(said.format(person.name))


@command.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, help="A role; may be given more than once.")
@click.option("--reason", default="", help="Why; needed where a second person has to agree.")
@json_option
@click.pass_context
def roles(ctx: click.Context, *, email: str, roles: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Give one person these roles, and no others; their sessions end."""
    world = ctx.obj.world()
    person = people.account_of(world, email)
    second_person.change_roles(world, OPERATOR, person.id, roles, reason=reason)
    if as_json:
        say_json({"account": person.id, "roles": sorted(set(roles))})
    else:
        click.echo(f"{person.name} is now {', '.join(sorted(set(roles)))}.")
