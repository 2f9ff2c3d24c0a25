"""`careful drill`: rehearse what must be refused, against the real system, and record what happened."""

import time

import click

from careful import updates
from careful.entrypoints.cli import drill_watch
from careful.entrypoints.cli.drill_access import access
from careful.entrypoints.cli.drill_keys import lost_key
from careful.entrypoints.cli.drill_report import report
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.ledger import Entry
from careful.kernel.work import World

_NAMES = ("updates.drill_held", "updates.drill_failed", "updates.drill_unclear")


@click.group()
def command() -> None:
    """Rehearse what must be refused, and record what happened."""


command.add_command(access)
command.add_command(lost_key)
command.add_command(report)
command.add_command(drill_watch.everything)
for _one in drill_watch.COMMANDS:
    command.add_command(_one)


@command.command()
@click.option("--device", required=True, help="The real device that must refuse.")
@click.option(
    "--kind",
    type=click.Choice((*updates.DRILL_KINDS, *updates.DIRECTED_KINDS)),
    multiple=True,
    help="Default: the first three, one by one.",
)
@click.option("--wait", default=120, show_default=True, help="Seconds to wait for each answer; 0: do not wait.")
@json_option
@click.pass_context
def update(ctx: click.Context, device: str, kind: tuple[updates.DrillKind, ...], wait: int, as_json: bool) -> None:
    """Offer DEVICE an altered image, an older version or another model's image (R9). Exit code 0: all refused.

    wrong_device is an order signed for another device: for clients that know the director, such as our agent.
    """
    world: World = ctx.obj.world()
    results = []
    for one in kind or updates.DRILL_KINDS:
        with world.look() as connection:
            before = ledger.size(connection)
        action = updates.drill(world, OPERATOR, device, one)
        result, reason = _answer(world, device, before, wait) if wait else ("ordered", "")
        results.append({"kind": one, "device": device, "action": action, "result": result, "reason": reason})
        if not as_json:
            click.echo(f"  {result:<8} {one:<12} {reason}".rstrip())
    if as_json:
        say_json(results)
    ctx.exit(0 if all(one["result"] in {"held", "ordered"} for one in results) else 1)


def _answer(world: World, device: str, after: int, wait: int) -> tuple[str, str]:
    """Wait for what the device's answer shows: held, failed or unclear."""
    until = time.monotonic() + wait
    while time.monotonic() < until:
        found = _newest(world, device, after)
        if found is not None:
            return found.name.removeprefix("updates.drill_"), str(found.data["reason"])
        time.sleep(0.2)
    return "waiting", "the device has not answered yet"


def _newest(world: World, device: str, after: int) -> Entry | None:
    with world.look() as connection:
        found = ledger.read(
            connection, names=_NAMES, subject=f"device/{device}", after=after - 1, limit=1, newest_first=True
        )
    return found[0] if found else None
