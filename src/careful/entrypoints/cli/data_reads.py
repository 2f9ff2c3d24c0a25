"""`careful data read` and its like: what devices said, through the one door; who read what; what nobody reads."""

from datetime import UTC, datetime

import click

from careful import customer_data
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR

_MOMENTS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


@click.command()
@click.argument("device")
@click.option("--purpose", required=True, help="What for; one that the product file declares.")
@click.option("--stream", help="Only this one, such as up/climate or event/motion.")
@click.option("--since", type=click.DateTime(_MOMENTS), help="Not older than this, UTC.")
@click.option("--until", type=click.DateTime(_MOMENTS), help="Older than this, UTC.")
@click.option("--limit", type=click.IntRange(1, customer_data.READ_MOST), default=20, help="At most so many records.")
@json_option
@click.pass_context
def read(
    ctx: click.Context,
    *,
    device: str,
    purpose: str,
    stream: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Read what DEVICE said, for a declared purpose. It is logged; fields for other purposes are withheld."""
    found = customer_data.read(
        ctx.obj.world(), OPERATOR, purpose, device=device, stream=stream, since=_utc(since), until=_utc(until),
        limit=limit,
    )  # fmt: skip
    if as_json:
        say_json(found)
        return
    rows = [
        (one.at, one.stream, _pairs(one.values), [f"{name} ({why})" for name, why in one.withheld.items()])
        for one in found.readings
    ]
    nothing = f"Nothing of {device} is stored that may be read for this."
    say_table(device, ("At", "Stream", "Values", "Withheld"), rows, empty=nothing)
    if found.closed:
        click.echo("Not to be read: " + "; ".join(f"{place} ({why})" for place, why in found.closed.items()) + ".")
    if found.stopped_at is not None:
        click.echo(f"There may be more before {found.stopped_at:%Y-%m-%dT%H:%M:%S}: ask again with --until.")


@click.command()
@click.argument("device", required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="At most so many lines.")
@json_option
@click.pass_context
def reads(ctx: click.Context, *, device: str | None, limit: int, as_json: bool) -> None:
    """List who read what and for which purpose, of DEVICE or of all, the newest first."""
    found = customer_data.reads(ctx.obj.world(), device=device, most=limit)
    if as_json:
        say_json(found)
        return
    rows = [
        (one.at, one.actor, one.purpose, one.device, one.stream, one.fields, one.withheld, one.records) for one in found
    ]
    columns = ("At", "Who", "Purpose", "Device", "Stream", "Fields", "Withheld", "Records")
    say_table("Reads", columns, rows, empty="Nobody has read anything yet. See: careful data read DEVICE --purpose …")


@click.command()
@click.argument("product", required=False)
@json_option
@click.pass_context
def unread(ctx: click.Context, *, product: str | None, as_json: bool) -> None:
    """List fields that nobody has read for 90 days: they are proposed to be collected no more."""
    world = ctx.obj.world()
    found = customer_data.unread(customer_data.uses(world, product), world.clock.now())
    if as_json:
        say_json(found)
        return
    rows = [(one.product, one.stream, one.field, one.since, one.read_at, one.proposed_at) for one in found]
    columns = ("Product", "Stream", "Field", "Collected since", "Last read", "Proposed")
    say_table("Unread", columns, rows, empty="Every field was read in the last 90 days, or is newer than that.")


COMMANDS: tuple[click.Command, ...] = (read, reads, unread)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _pairs(values: object) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) if isinstance(values, dict) else ""
