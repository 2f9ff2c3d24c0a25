"""`careful watch list|show|…`: alerts, one for each cause; what was expected; whom to cut off."""

from collections.abc import Sequence
from typing import Any, cast, get_args

import click

from careful import monitoring
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.workflows import watch_response

_WHY = click.option("--why", required=True, help="In a sentence; it is kept and shown.")


@click.command("list")
@click.option("--state", type=click.Choice(get_args(monitoring.AlertState)), help="Default: open ones.")
@click.option("--all", "everything", is_flag=True, help="Also what was judged.")
@click.option("--product", help="Of one product.")
@click.option("--rule", type=click.Choice([one.id for one in monitoring.rules()]), help="Of one detection.")
@click.option("--device", help="With this device in it.")
@click.option("--drills", is_flag=True, help="Also alerts that a drill caused.")
@json_option
@click.pass_context
def list_(
    ctx: click.Context,
    state: monitoring.AlertState | None,
    everything: bool,
    product: str | None,
    rule: str | None,
    device: str | None,
    drills: bool,
    as_json: bool,
) -> None:
    """List alerts, one for each cause, what changed last first."""
    found = monitoring.alerts(
        ctx.obj.world(),
        state=None if everything else state or "open",
        product=product,
        rule=rule,
        device=device,
        drills=drills,
    )
    if as_json:
        say_json(found)
        return
    say_table(
        "Alerts",
        ["id", "what", "product", "devices", "cut off", "held", "state", "last"],
        [(one.id, _title(one), one.product, one.devices, one.cut, one.held, one.state, one.last_at) for one in found],
        empty="No alert is open. With --all, judged ones are listed too. To see one: careful drill flood",
    )


@click.command()
@click.argument("alert")
@json_option
@click.pass_context
def show(ctx: click.Context, alert: str, as_json: bool) -> None:
    """Show ALERT: the rule in words, the limit and where it comes from, what was observed, its devices."""
    world = ctx.obj.world()
    one, inside = monitoring.alert(world, alert), monitoring.devices_of(world, alert)
    words = monitoring.expectations(world, wanted=alert, living=False)
    if as_json:
        say_json({"alert": one, "rule": _rule(one), "devices": inside, "expectations": words})
        return
    rule = monitoring.rule(one.rule)
    click.echo(f"{_title(one)} in {one.product} ({one.state})\n  {one.says}\n")
    if one.names:
        click.echo(f"About: {', '.join(one.names)}{f' and {one.more} more' if one.more else ''}\n")
    click.echo(f"The rule: {rule.words}\nThe limit: {rule.limit}")
    click.echo(f"Observed {one.observed:g}; the limit was {one.limit:g}, from {_SOURCE[one.limit_from]}.\n")
    for title, status in watch_response.progress(world, alert):
        click.echo(f"  {title:<16} {status.says}")
    click.echo("")
    say_table(
        "Devices",
        ["device", "release", "what became of it", "times", "first", "last"],
        [
            (each.device or "strangers", each.release, each.fate, each.times, each.first_at, each.last_at)
            for each in inside
        ],
        empty="No device is in it.",
    )
    if one.state == "open":
        click.echo(f"\nWas it expected? careful watch expected {alert} --device DEVICE --why …")
        click.echo(f"Was it trouble?  careful watch trouble {alert} --why …")
    if one.held:
        click.echo(f"Cut off the {one.held} that are held: careful watch cut {alert} --why …")


@click.command()
@click.argument("alert")
@click.option("--device", help="Expected of this device.")
@click.option("--release", help="Expected of devices that run this release.")
@click.option("--product", "product", is_flag=True, help="Expected of all devices of the product.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366), help="For how long.")
@_WHY
@json_option
@click.pass_context
def expected(
    ctx: click.Context,
    alert: str,
    device: str | None,
    release: str | None,
    product: bool,
    days: int,
    why: str,
    as_json: bool,
) -> None:
    """Say that ALERT was expected. With a scope, the same cause is expected there from now on, and nothing else.

    Devices that were cut off stay so until you restore them: careful device restore.
    """
    scopes = [("device", device), ("release", release), ("product", "all" if product else None)]
    chosen = [(name, value) for name, value in scopes if value is not None]
    if len(chosen) > 1:
        raise click.UsageError("Choose one of --device, --release and --product.")
    scope, value = chosen[0] if chosen else (None, "")
    word = monitoring.judge(
        ctx.obj.world(),
        OPERATOR,
        alert,
        "expected",
        why,
        scope=cast("monitoring.Scope | None", scope),
        value=value or "",
        days=days,
    )
    if as_json:
        say_json({"alert": alert, "verdict": "expected", "expectation": word})
    elif word is None:
        click.echo("Noted. Nothing is expected from now on: the same again is a new alert.")
    else:
        click.echo(f"Noted. Expected of {word.scope} {word.value} until {word.until:%Y-%m-%d}; nothing else changed.")


@click.command()
@click.argument("alert")
@_WHY
@click.pass_context
def trouble(ctx: click.Context, alert: str, why: str) -> None:
    """Say that ALERT was trouble. It closes; the same again is a new alert."""
    monitoring.judge(ctx.obj.world(), OPERATOR, alert, "confirmed", why)
    click.echo("Noted.")


@click.command()
@click.argument("alert")
@_WHY
@click.pass_context
def cut(ctx: click.Context, alert: str, why: str) -> None:
    """Cut off the devices of ALERT that are held for a person."""
    click.echo(f"{monitoring.cut_held(ctx.obj.world(), OPERATOR, alert, why)} devices were cut off.")


@click.command()
@click.option("--end", metavar="ID", help="Expect this no longer.")
@json_option
@click.pass_context
def expectations(ctx: click.Context, end: str | None, as_json: bool) -> None:
    """List what people said is expected, and how often it happened since; end one with --end."""
    world = ctx.obj.world()
    if end is not None:
        monitoring.end_expectation(world, OPERATOR, end)
        click.echo("Ended.")
        return
    found = monitoring.expectations(world)
    if as_json:
        say_json(found)
        return
    say_table(
        "Expected",
        ["id", "rule", "of", "times", "until", "why", "by"],
        [(one.id, one.rule, f"{one.scope} {one.value}", one.times, one.until, one.why, one.by) for one in found],
        empty="Nothing is expected: every detection is shown. An alert can be called so: careful watch expected ALERT",
    )


@click.command()
@click.argument("device")
@_WHY
@click.pass_context
def chain(ctx: click.Context, device: str, why: str) -> None:
    """Begin the chain of nonces of DEVICE anew, as after it was restored from a backup."""
    monitoring.reset_chain(ctx.obj.world(), OPERATOR, device, why)
    click.echo("The next nonce that it shows is taken.")


@click.command()
@json_option
def rules(as_json: bool) -> None:
    """List the detections: each rule in words, its limit, its budget of false alarms, its hardest action."""
    found = [_as_dict(one) for one in monitoring.rules()]
    if as_json:
        say_json(found)
        return
    for one in found:
        click.echo(f"{one['id']} ({one['action']}, {one['budget']:g} false alarms a device and day)")
        click.echo(f"  {one['words']}\n  Limit: {one['limit']}\n  Sees: {one['sees']}\n")


COMMANDS: Sequence[click.Command] = (list_, show, expected, trouble, cut, expectations, chain, rules)
_SOURCE = {"declaration": "the declaration", "baseline": "the device's own past", "built-in": "a built-in rule"}


def _title(one: monitoring.Alert) -> str:
    title = monitoring.rule(one.rule).title
    return f"{title}: {one.subject}" if one.subject else title


def _rule(one: monitoring.Alert) -> dict[str, Any]:
    return _as_dict(monitoring.rule(one.rule))


def _as_dict(one: monitoring.Rule) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "words": one.words,
        "limit": one.limit,
        "budget": one.budget,
        "action": one.action,
        "sees": one.sees,
    }
