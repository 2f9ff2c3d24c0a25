"""What `careful rollout start --dry-run` prints: each device with its wave, and of each other one why not."""

import click

from careful import updates
from careful.entrypoints.cli.output import say_json, say_table


def show(found: updates.Preview, *, as_json: bool) -> None:
    """Print a preview."""
    if as_json:
        say_json(found)
        return
    click.echo(f"{found.product} {found.version} would reach {found.size} devices. Nothing was changed.")
    waits = dict(found.waits)
    devices = [(wave.number, device, waits.get(device, "")) for wave in found.waves for device in wave.devices]
    say_table("Who gets it", ("wave", "device", "waits, because"), devices, empty="Nobody.")
    say_table("Who does not", ("device", "because"), found.left_out, empty="")
    for says in found.says:
        click.echo(says)
    if found.people > 1:
        click.echo(f"{found.people} people must stand behind it.")
    if found.stands_in_the_way:
        click.echo(f"It cannot start: {found.stands_in_the_way}")
