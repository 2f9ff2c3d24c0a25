"""A command typed into a terminal: what it prints, or the error that it raises."""

from click.testing import CliRunner


def typing(world, command, *before):
    """Return what types `command` with its first words `before`, and returns what is printed."""

    class Parts:
        def world(self):
            return world

    def typed(*arguments):
        done = CliRunner().invoke(command, (*before, *arguments), obj=Parts())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return typed
