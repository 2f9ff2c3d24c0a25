"""`careful device transfer` and `reset`: a device changes hands, and what the last customer had ends with it."""

import click

from careful import customer_data
from careful.entrypoints.cli.data_ends import say_receipt
from careful.entrypoints.cli.output import json_option
from careful.kernel.actors import OPERATOR
from careful.workflows import second_person


@click.command()
@click.argument("device")
@click.option("--reason", default="", help="Why; needed where a second person has to agree.")
@json_option
@click.pass_context
def transfer(ctx: click.Context, *, device: str, reason: str, as_json: bool) -> None:
    """Pass DEVICE on: its customer's data ends, the owner's address is erased. Prints the receipt."""
    made = second_person.purge(ctx.obj.world(), OPERATOR, device, "transfer", reason=reason)
    say_receipt(ctx, made, as_json=as_json)


@click.command()
@click.argument("device")
@json_option
@click.pass_context
def reset(ctx: click.Context, *, device: str, as_json: bool) -> None:
    """Note that DEVICE was reset to how it left the factory: its customer's data ends. Prints the receipt."""
    made = customer_data.end_customer(ctx.obj.world(), OPERATOR, device, "reset")
    say_receipt(ctx, made, as_json=as_json)
