"""Typing commands about releases and flaws, as their tests do."""

import json
from typing import Any

import click
from click.testing import CliRunner, Result

from careful.kernel.work import World


def typed(command: click.Command, world: World, *arguments: str) -> Result:
    """Run one command; errors of ours come through as they are."""

    class Parts:
        def world(self) -> World:
            return world

    done = CliRunner().invoke(command, arguments, obj=Parts(), catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def read(done: Result) -> Any:
    """Return the JSON that was printed."""
    return json.loads(done.stdout)
