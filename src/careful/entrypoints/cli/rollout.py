"""`careful rollout`: bring a published release to the devices in waves; see it before, watch, halt, go back."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import click

from careful import updates
from careful.entrypoints.cli import rollout_preview as preview
from careful.entrypoints.cli import rollout_truth
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import second_person

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


_start_options = (
    click.option(
        "--wave",
        "waves",
        multiple=True,
        help="Devices or per cent, the last one 100%; may say more: 10%,success=95,silence=2h.",
    ),
    click.option("--group", default="", help="For which devices: region=eu tag=beta release=1.0.0; all unless said."),
    click.option("--deadline", default="60m", show_default=True, help="A device that takes longer counts as failed."),
    click.option("--max-failures", default=10.0, show_default=True, help="Per cent of a wave that may fail."),
    click.option("--min-failures", default=1, show_default=True, help="Fewer failures than this never halt it."),
    click.option("--attempts", default=2, show_default=True, help="How often one device is tried."),
    click.option("--first", multiple=True, help="A device for the first wave; may be given many times."),
    click.option("--exclude", multiple=True, help="A device to leave out; may be given many times."),
    click.option(
        "--urgency",
        type=click.Choice(updates.URGENCIES),
        default="security",
        show_default=True,
        help="How long owners may put it off: 30 days, 7 days, 1 day.",
    ),
    click.option("--window", default="", help="When devices may install, by their own clock: 22:00-04:00."),
    click.option("--zone", default="UTC", show_default=True, help="The time zone of devices of which none is known."),
    click.option("--min-battery", default=0, show_default=True, help="Per cent of battery that a device must have."),
    click.option("--mains", is_flag=True, help="Devices must be plugged in."),
    click.option("--ignore-crashes", is_flag=True, help="Do not halt when updated devices crash more than others."),
    click.option("--supersede", is_flag=True, help="Take devices over from a rollout of an older version that runs."),
    click.option("--downgrade", is_flag=True, help="To an older version; a second person must agree."),
    click.option("--reason", default="", help="Why; needed for a downgrade."),
)


def _with_start_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_start_options):
        function = option(function)
    return function


def _words(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a person said of a rollout as `updates` takes it."""
    names = ("group", "min_failures", "attempts", "first", "exclude", "urgency", "window", "zone", "min_battery")
    more = ("mains", "supersede", "downgrade", "reason")
    return {
        **{name: given[name] for name in (*names, *more)},
        "waves": given["waves"] or updates.WAVES,
        "deadline_seconds": seconds_of(given["deadline"]),
        "max_failures_percent": given["max_failures"],
        "watch_crashes": not given["ignore_crashes"],
    }


@command.command()
@click.argument("product")
@click.argument("version")
@_with_start_options
@click.option("--dry-run", is_flag=True, help="Only show which devices would get it, and why not the others.")
@json_option
@click.pass_context
def start(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 (click passes options by name)
    """Start bringing VERSION to the devices of PRODUCT."""
    world: World = ctx.obj.world()
    if given["dry_run"]:
        seen = updates.preview_rollout(world, given["product"], given["version"], **_words(given))
        preview.show(seen, as_json=as_json)
        return
    rollout_id = second_person.launch(world, OPERATOR, given["product"], given["version"], **_words(given))
    found = updates.rollout(world, rollout_id).rollout
    if as_json:
        say_json(found)
        return
    sizes = ", ".join(str(wave.size) for wave in found.waves if wave.size)
    click.echo(f"Rollout {rollout_id}: {found.product} {found.version} to {found.size} devices, in waves of {sizes}.")
    if found.state == "proposed":
        click.echo(f"It is proposed: {_needed(found)} must agree on the console, /rollouts/{rollout_id}.")
        return
    click.echo(f"Watch it: careful rollout watch {rollout_id}")


def _needed(found: updates.Rollout) -> str:
    return "one more person" if found.policy.people else "two people"


command.add_command(rollout_truth.stragglers)
command.add_command(rollout_truth.uptake)


@command.command("roll-back")
@click.argument("rollout")
@click.option("--to", required=True, help="The version to go back to.")
@_reason
@json_option
@click.pass_context
def roll_back(ctx: click.Context, rollout: str, to: str, reason: str, as_json: bool) -> None:
    """Halt ROLLOUT and propose that the devices which took its release go back; a second person must agree."""
    world: World = ctx.obj.world()
    made = updates.roll_back(world, OPERATOR, rollout, to, reason)
    found = updates.rollout(world, made).rollout
    if as_json:
        say_json(found)
        return
    click.echo(f"Rollout {made}: {found.size} devices back to {to}; {_needed(found)} must agree, /rollouts/{made}.")
    click.echo("Devices that remember what they ran refuse what is older; the surer way: release the old image anew.")


@command.command()
@click.argument("rollout")
@_reason
@json_option
@click.pass_context
def withdraw(ctx: click.Context, rollout: str, reason: str, as_json: bool) -> None:
    """Drop a proposed ROLLOUT."""
    world: World = ctx.obj.world()
    updates.withdraw_rollout(world, OPERATOR, rollout, reason)
    _say(world, rollout, as_json=as_json)


@command.command()
@click.argument("product")
@click.option("--version", help="Only rollouts of this version.")
@_reason
@json_option
@click.pass_context
def alarm(ctx: click.Context, product: str, version: str | None, reason: str, as_json: bool) -> None:
    """Halt every running rollout of PRODUCT: the hook for monitoring."""
    halted = updates.alarm(ctx.obj.world(), OPERATOR, product, reason, version)
    if as_json:
        say_json({"halted": halted})
    else:
        click.echo(f"Halted: {', '.join(halted)}." if halted else f"No rollout of {product} runs.")


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
    told = updates.fates_of(ctx.obj.world(), rollout)
    say_table(
        "Devices",
        ("wave", "device", "is", "since", "runs", "why"),
        [(one.wave, one.device, one.fate, one.since, one.runs, one.why) for one in told],
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
