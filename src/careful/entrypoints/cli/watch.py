"""`careful watch`: what devices do, held against what was declared."""

import click

from careful.entrypoints.cli import watch_conform, watch_replay


@click.group()
def command() -> None:
    """Run recorded traffic through the detections, and compare it with what is declared."""


command.add_command(watch_replay.replay)
command.add_command(watch_replay.learn)
command.add_command(watch_conform.conform)
