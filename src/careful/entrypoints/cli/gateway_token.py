"""`careful device gateway-token`: one secret with which something in front of devices polls for any of them."""

import click

from careful import devices
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR


@click.group(name="gateway-token")
def command() -> None:
    """Make and revoke tokens with which a gateway polls for many devices."""


@command.command()
@click.argument("name")
@click.option("--product", default="", help="Only for devices of this product.")
@click.option("--hardware", default="", help="What devices that it brings in are, such as rev-a.")
@click.option(
    "--room", type=click.IntRange(0, devices.MOST_ROOM), default=0, help="How many unknown devices it may bring in."
)
@json_option
@click.pass_context
def make(ctx: click.Context, *, name: str, product: str, hardware: str, room: int, as_json: bool) -> None:
    """Make a token, called NAME after where it is kept, and print it, this once."""
    made, text = devices.make_gateway_token(
        ctx.obj.world(), OPERATOR, name, product=product, hardware=hardware, room=room
    )
    if as_json:
        say_json({"id": made.id, "name": made.name, "gateway_token": text})
    else:
        click.echo(text)


@command.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List gateway tokens; their secrets are not kept."""
    found = devices.gateway_tokens(ctx.obj.world())
    if as_json:
        say_json(found)
        return
    rows = [
        (one.id, one.name, one.product or "all", one.hardware, one.room, one.made_at, one.revoked_at) for one in found
    ]
    columns = ("Id", "Name", "Product", "Hardware", "Room", "Made", "Revoked")
    say_table("Gateway tokens", columns, rows, empty="None. Make one: careful device gateway-token make NAME")


@command.command()
@click.argument("token")
@json_option
@click.pass_context
def revoke(ctx: click.Context, *, token: str, as_json: bool) -> None:
    """End a token, by its id."""
    devices.revoke_gateway_token(ctx.obj.world(), OPERATOR, token)
    if as_json:
        say_json({"token": token, "state": "revoked"})
    else:
        click.echo(f"Gateway token {token} no longer works.")
