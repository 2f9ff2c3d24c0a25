"""`careful device set` and `postpone`: what else is known of a device, and what its owner wants of updates."""

from datetime import datetime, timedelta

import click

from careful import devices, updates
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.kernel.work import World


@click.command("set")
@click.argument("device")
@click.option("--region", help='Where it stands, such as eu; "" takes it away.')
@click.option("--zone", help="Its time zone, such as Europe/Berlin.")
@click.option("--consent", type=click.Choice(devices.CONSENTS), help="Whether its owner is asked about updates.")
@click.option("--tag", multiple=True, help="Give it a tag; may be said many times.")
@click.option("--untag", multiple=True, help="Take a tag away.")
@json_option
@click.pass_context
def set_(ctx: click.Context, /, *, device: str, as_json: bool, **given: object) -> None:
    """Note where DEVICE stands, its tags, and what its owner wants of updates."""
    found = devices.set_traits(ctx.obj.world(), OPERATOR, device, **given)  # type: ignore[arg-type]  # click's options
    if as_json:
        say_json(found)
        return
    tags = ", ".join(found.tags) or "none"
    click.echo(f"{device}: region {found.region or '-'}, zone {found.zone or '-'}, {found.consent}, tags {tags}.")


@click.command()
@click.argument("device")
@click.option("--until", required=True, help="A moment such as 2026-11-05T20:00+01:00, or a span such as 12h or 2d.")
@json_option
@click.pass_context
def postpone(ctx: click.Context, device: str, until: str, as_json: bool) -> None:
    """Put the update that DEVICE was offered off, for its owner; not beyond the limit of its urgency."""
    world: World = ctx.obj.world()
    chosen = updates.postpone(world, OPERATOR, device, moment(until, world.clock.now()))
    if as_json:
        say_json({"device": device, "until": chosen})
    else:
        click.echo(f"{device} gets it after {chosen:%Y-%m-%d %H:%M} UTC.")


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that is meant: with a time zone, or so long from now. Raises Invalid."""
    span = {"h": "hours", "d": "days"}.get(text[-1:])
    if span and text[:-1].isascii() and text[:-1].isdecimal() and len(text) <= 4:  # noqa: PLR2004 (999 of them are enough)
        return now + timedelta(**{span: int(text[:-1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid(f"{text[:40]!r} is no moment.", do="Write 2026-11-05T20:00+01:00, 12h or 2d.", where="--until")
    return found
