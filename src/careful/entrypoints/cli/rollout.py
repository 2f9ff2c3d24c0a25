"""`careful rollout`: bring a published release to the devices in waves; watch, halt, resume, account."""

import json
import re
import time
from typing import Any

import click

from careful import updates
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.kernel.work import World

_SPAN = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_reason = click.option("--reason", required=True, help="Why, in a sentence; it stays in the ledger.")


@click.group()
def command() -> None:
    """Bring a published release to the devices, in waves."""


def seconds_of(text: str) -> int:
    """Return the seconds of 90s, 30m, 2h or 7d. Raises Invalid."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Invalid(f"{text!r} is no span of time.", do="Write 90s, 30m, 2h or 7d.", where="--deadline")
    return int(found[1]) * _SECONDS[found[2]]


@command.command()
@click.argument("product")
@click.argument("version")
@click.option("--wave", "waves", multiple=True, help="A number of devices or a percentage; the last one 100%.")
@click.option("--deadline", default="60m", show_default=True, help="A device that takes longer counts as failed.")
@click.option("--max-failures", default=10.0, show_default=True, help="Per cent of a wave that may fail.")
@click.option("--min-failures", default=1, show_default=True, help="Fewer failures than this never halt it.")
@click.option("--attempts", default=2, show_default=True, help="How often one device is tried.")
@click.option("--first", multiple=True, help="A device for the first wave; may be given many times.")
@click.option("--exclude", multiple=True, help="A device to leave out; may be given many times.")
@json_option
@click.pass_context
def start(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 (click passes options by name)
    """Start bringing VERSION to the devices of PRODUCT."""
    world: World = ctx.obj.world()
    rollout_id = updates.start_rollout(
        world,
        OPERATOR,
        given["product"],
        given["version"],
        waves=given["waves"] or updates.WAVES,
        deadline_seconds=seconds_of(given["deadline"]),
        max_failures_percent=given["max_failures"],
        min_failures=given["min_failures"],
        attempts=given["attempts"],
        first=given["first"],
        exclude=given["exclude"],
    )
    found = updates.rollout(world, rollout_id).rollout
    if as_json:
        say_json(found)
        return
    sizes = ", ".join(str(wave.size) for wave in found.waves if wave.size)
    click.echo(f"Rollout {rollout_id}: {found.product} {found.version} to {found.size} devices, in waves of {sizes}.")
    click.echo(f"Watch it: careful rollout watch {rollout_id}")


@command.command("list")
@click.option("--product", help="Only rollouts of this product.")
@json_option
@click.pass_context
def list_(ctx: click.Context, product: str | None, as_json: bool) -> None:
    """List rollouts, oldest first."""
    found = updates.rollouts(ctx.obj.world(), product)
    if as_json:
        say_json(found)
        return
    say_table(
        "Rollouts",
        ("id", "product", "version", "state", "devices", "fixed", "failed", "silent", "started"),
        [
            (
                one.id, one.product, one.version, one.state, one.size,
                one.count("confirmed"), one.count("failed"), one.count("silent"), one.started_at,
            )
            for one in found
        ],
        empty="No rollout yet. Start one: careful rollout start PRODUCT VERSION",
    )  # fmt: skip


@command.command()
@click.argument("rollout")
@json_option
@click.pass_context
def show(ctx: click.Context, rollout: str, as_json: bool) -> None:
    """Show ROLLOUT with each of its devices."""
    found = updates.rollout(ctx.obj.world(), rollout)
    if as_json:
        say_json(found)
        return
    click.echo(_line(found.rollout))
    if found.rollout.reason:
        click.echo(f"  {found.rollout.reason}")
    say_table(
        "Devices",
        ("wave", "device", "state", "tries", "since", "why"),
        [(one.wave, one.device, one.state, one.attempts, one.changed_at, one.detail) for one in found.members],
        empty="",
    )
    for device in found.left:
        click.echo(f"Account for it: careful rollout account {rollout} {device} --reason TEXT")


@command.command()
@click.argument("rollout")
@_reason
@json_option
@click.pass_context
def halt(ctx: click.Context, rollout: str, reason: str, as_json: bool) -> None:
    """Stop ROLLOUT: no further device gets the release until somebody resumes."""
    world: World = ctx.obj.world()
    updates.halt(world, OPERATOR, rollout, reason)
    _say(world, rollout, as_json=as_json)


@command.command()
@click.argument("rollout")
@_reason
@json_option
@click.pass_context
def resume(ctx: click.Context, rollout: str, reason: str, as_json: bool) -> None:
    """Let a halted ROLLOUT go on; failed and silent devices are tried again."""
    world: World = ctx.obj.world()
    updates.resume(world, OPERATOR, rollout, reason)
    _say(world, rollout, as_json=as_json)


@command.command()
@click.argument("rollout")
@click.argument("device")
@_reason
@json_option
@click.pass_context
def account(ctx: click.Context, rollout: str, device: str, reason: str, as_json: bool) -> None:
    """Say why a failed or silent DEVICE stays behind, so that ROLLOUT can end without it."""
    world: World = ctx.obj.world()
    updates.account(world, OPERATOR, rollout, device, reason)
    _say(world, rollout, as_json=as_json)


@command.command()
@click.argument("rollout")
@click.option("--for", "span", default="24h", show_default=True, help="Stop watching after this time.")
@json_option
@click.pass_context
def watch(ctx: click.Context, rollout: str, span: str, as_json: bool) -> None:
    """Print every change of ROLLOUT until it ends or halts (exit code 1); JSON is one object a line."""
    world: World = ctx.obj.world()
    until = time.monotonic() + seconds_of(span)
    last = ""
    while True:
        found = updates.rollout(world, rollout).rollout
        line = _line(found)
        if line != last:
            click.echo(_as_json_line(found) if as_json else line)
            last = line
        if found.state != "running" or time.monotonic() >= until:
            break
        time.sleep(0.5)
    if found.state == "halted":
        if not as_json:
            click.echo(f"  {found.reason}\nLet it go on: careful rollout resume {rollout} --reason TEXT")
        ctx.exit(1)


def _as_json_line(found: updates.Rollout) -> str:
    counts = {state: found.count(state) for state in updates.MEMBER_STATES}
    return json.dumps({"rollout": found.id, "state": found.state, "wave": found.open_waves, **counts})


def _line(found: updates.Rollout) -> str:
    counts = [f"{found.count(state)} {state}" for state in updates.MEMBER_STATES if found.count(state)]
    wave = f"wave {found.open_waves} of {len(found.waves)}"
    return f"{found.id}  {found.product} {found.version}  {found.state}, {wave}: {', '.join(counts)}"


def _say(world: World, rollout: str, *, as_json: bool) -> None:
    found = updates.rollout(world, rollout).rollout
    if as_json:
        say_json(found)
    else:
        click.echo(_line(found))
