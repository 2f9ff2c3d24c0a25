"""`careful device set`, `postpone` and `answer`: what else is known of a device, what its owner wants of updates."""

from datetime import datetime, timedelta

import click

from careful import devices, people, updates
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound
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


@click.command()
@click.argument("device")
@click.option("--agree/--refuse", "agreed", default=None, required=True, help="What the owner says.")
@click.option(
    "--reason", required=True, help="How the word came, such as: by telephone, ticket 4711. No person's name."
)
@click.option("--by", "person", default="", help="Who passes it on: an id from careful staff list.")
@json_option
@click.pass_context
def answer(ctx: click.Context, device: str, agreed: bool, reason: str, person: str, as_json: bool) -> None:
    """Pass on the word of DEVICE's owner on the update that waits for it."""
    world: World = ctx.obj.world()
    if person and person not in {one.id for one in people.list_accounts(world)}:
        raise NotFound(f"There is no member of staff {person[:64]!r}.", do="See: careful staff list", where="--by")
    by = f"staff:{person}" if person else ""
    order = updates.answer_for_owner(world, OPERATOR, device, agreed=agreed, reason=reason, person=by)
    if as_json:
        say_json(order)
    elif agreed:
        click.echo(f"{device} gets {order.version}: its owner agrees.")
    else:
        click.echo(f"{order.version} goes on waiting: the owner of {device} does not agree.")


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
