"""`careful data consent`: note that a device's customer, or a child's parent, agreed to one kind of data."""

from typing import cast

import click

from careful import customer_data
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR


@click.group(name="consent")
def consent() -> None:
    """Note, withdraw and list consents."""


@consent.command()
@click.argument("device")
@click.argument("item")
@click.option("--kind", type=click.Choice(["opt_in", "parental"]), help="Else what the data item asks for.")
@click.option(
    "--method", default="", help="How it was given, in one word: app, paper, card-check. A parent's needs one."
)
@json_option
@click.pass_context
def give(ctx: click.Context, *, device: str, item: str, kind: str | None, method: str, as_json: bool) -> None:
    """Note a consent to ITEM by the present customer of DEVICE; its data is taken from now on."""
    wanted = cast("customer_data.ConsentKind | None", kind)
    done = customer_data.give_consent(ctx.obj.world(), OPERATOR, device, item, wanted, method)
    if as_json:
        say_json(done)
    else:
        click.echo(f"{device}: {done.kind} consent to {item} holds since {done.given_at:%Y-%m-%d %H:%M} UTC.")


@consent.command()
@click.argument("device")
@click.argument("item")
@json_option
@click.pass_context
def withdraw(ctx: click.Context, *, device: str, item: str, as_json: bool) -> None:
    """Withdraw every consent to ITEM; no more of its data is taken. What was stored before stays."""
    done = customer_data.withdraw_consent(ctx.obj.world(), OPERATOR, device, item)
    if as_json:
        say_json(done)
    else:
        click.echo(f"{device}: consent to {item} withdrawn." if done else f"{device}: there was no consent to {item}.")


@consent.command(name="list")
@click.argument("device")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, device: str, as_json: bool) -> None:
    """List the consents of DEVICE, also those that ended."""
    found = customer_data.consents_of(ctx.obj.world(), device)
    if as_json:
        say_json(found)
        return
    rows = [(one.item, one.kind, one.method, one.given_at, one.given_by, one.ended_at, one.why) for one in found]
    columns = ("Item", "Kind", "Method", "Given", "Noted by", "Ended", "Why")
    say_table(f"Consents of {device}", columns, rows, empty=f"None. Note one: careful data consent give {device} ITEM")


COMMANDS = (consent,)
