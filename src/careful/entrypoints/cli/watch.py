"""`careful watch`: what devices do, held against what was declared."""

import click

from careful.entrypoints.cli import watch_alerts, watch_conform, watch_replay


@click.group()
def command() -> None:
    """See alerts and say whether they were expected; run recorded traffic through the detections."""


for _one in (*watch_alerts.COMMANDS, watch_replay.replay, watch_replay.learn, watch_conform.conform):
    command.add_command(_one)
