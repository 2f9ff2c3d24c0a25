"""`careful approvals`: what waits for a second person, and that person's answer."""

import click

from careful import people
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Refused
from careful.kernel.work import World
from careful.workflows import second_person


@click.group(name="approvals")
def command() -> None:
    """See what waits for a second person; agree or refuse."""


@command.command(name="list")
@click.option("--all", "every", is_flag=True, help="Also what became of others.")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, every: bool, as_json: bool) -> None:
    """List what waits, with its reason."""
    found = people.approvals(ctx.obj.world(), waiting=not every)
    if as_json:
        say_json(found)
        return
    rows = [(one.id, one.title, one.subject, one.reason, one.state, one.missing, one.lapses_at) for one in found]
    columns = ("Id", "Act", "Of", "Why", "State", "People missing", "Lapses")
    say_table("Approvals", columns, rows, empty="Nothing waits for a second person.")


@command.command()
@click.argument("approval")
@json_option
@click.pass_context
def show(ctx: click.Context, *, approval: str, as_json: bool) -> None:
    """Show exactly what would be done."""
    world: World = ctx.obj.world()
    one = people.approval_of(world, approval)
    lines = second_person.shown(world, one)
    if as_json:
        say_json({"act": one, "lines": dict(lines)})
        return
    _say(one, lines)


@command.command()
@click.argument("approval")
@click.option("--as", "email", required=True, metavar="E-MAIL", help="Who agrees; asks for their password and code.")
@json_option
@click.pass_context
def approve(ctx: click.Context, *, approval: str, email: str, as_json: bool) -> None:
    """Agree to exactly what is shown, as a person who signs in here; with two people behind it, it is done."""
    world: World = ctx.obj.world()
    one = people.approval_of(world, approval)
    _say(one, second_person.shown(world, one), err=as_json)
    click.confirm("Do you agree to exactly this?", abort=True, err=True)
    password = click.prompt("Password", hide_input=True, err=True)
    code = click.prompt("Code", err=True)
    entrance = people.sign_in(world, email=email, password=password, code=code, door=people.Door("command line"))
    session = people.find(world, entrance.secret)
    try:
        if not people.has_recent_proof(session, world.clock.now()):
            raise Refused(
                "You have a passkey, and it is asked for here.",
                do=f"Agree on the console: {world.settings.console_url}/approvals/{one.id}",
            )
        one = second_person.approve(world, Actor("staff", session.account), one.id, one.digest)
    finally:
        people.sign_out(world, session)
    if as_json:
        say_json(one)
    else:
        click.echo("Done." if one.state == "done" else f"It is {one.state}; {one.missing} more must agree.")


@command.command()
@click.argument("approval")
@click.option("--reason", required=True, help="Why not.")
@json_option
@click.pass_context
def refuse(ctx: click.Context, *, approval: str, reason: str, as_json: bool) -> None:
    """Refuse, with the reason; it will not be done."""
    one = people.refuse(ctx.obj.world(), OPERATOR, approval, reason)
    if as_json:
        say_json(one)
    else:
        click.echo(f"{one.title} ({one.subject}) is refused.")


def _say(one: people.Pending, lines: second_person.Shown, *, err: bool = False) -> None:
    click.echo(f"{one.title} ({one.state})", err=err)
    known = (("Why", one.reason), ("Asked by", one.asked_by), ("Agreed", ", ".join(one.agreed) or "nobody yet"))
    for name, value in (*lines, *known, ("Lapses", f"{one.lapses_at:%Y-%m-%d %H:%M} UTC"), ("Digest", one.digest)):
        click.echo(f"  {name}: {value}", err=err)
