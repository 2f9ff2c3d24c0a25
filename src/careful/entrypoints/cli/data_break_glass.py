"""`careful data break-glass`: opening all of one customer in an emergency, told to the ledger and to them."""

import click

from careful import customer_data
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR


@click.group(name="break-glass")
def command() -> None:
    """Open all of one customer in an emergency: for a reason and a case, for 30 minutes; the customer sees it."""


@command.command()
@click.argument("device")
@click.option("--reason", required=True, help="Why; the customer reads it.")
@click.option("--case", "case_number", required=True, help="The number of the case.")
@json_option
@click.pass_context
def begin(ctx: click.Context, *, device: str, reason: str, case_number: str, as_json: bool) -> None:
    """Begin half an hour in which DEVICE's records may be opened; prints its id."""
    made = customer_data.break_glass(ctx.obj.world(), OPERATOR, device, reason=reason, case_number=case_number)
    if as_json:
        say_json(made)
        return
    click.echo(f"{made.id} is open until {made.until:%H:%M} UTC: careful data break-glass open {made.id} --stream up/…")


@command.command(name="open")
@click.argument("glass")
@click.option("--stream", required=True, help="Such as up/climate or event/motion.")
@json_option
@click.pass_context
def open_(ctx: click.Context, *, glass: str, stream: str, as_json: bool) -> None:
    """Open the newest 50 records of a stream; their numbers go into the ledger."""
    found = customer_data.open_records(ctx.obj.world(), OPERATOR, glass, stream)
    if as_json:
        say_json(found)
        return
    rows = [(one.at, ", ".join(f"{name}={value}" for name, value in one.values.items())) for one in found]
    say_table(stream, ("At", "Values"), rows, empty="Nothing of it is held of the present customer.")


@command.command()
@click.argument("glass")
@json_option
@click.pass_context
def end(ctx: click.Context, *, glass: str, as_json: bool) -> None:
    """Say that it is over."""
    ended = customer_data.end_glass(ctx.obj.world(), OPERATOR, glass)
    say_json(ended) if as_json else click.echo(f"{glass} is over; {ended.records} records were opened.")


@command.command(name="list")
@click.argument("device", required=False)
@json_option
@click.pass_context
def list_(ctx: click.Context, *, device: str | None, as_json: bool) -> None:
    """List emergencies, of DEVICE or of all, the newest first."""
    found = customer_data.glasses(ctx.obj.world(), device)
    if as_json:
        say_json(found)
        return
    rows = [(one.id, one.began_at, one.device, one.actor, one.case_number, one.reason, one.records) for one in found]
    columns = ("Id", "Began", "Device", "Who", "Case", "Why", "Records")
    say_table("Emergencies", columns, rows, empty="Nobody has opened a customer in an emergency.")


COMMANDS: tuple[click.Command, ...] = (command,)
