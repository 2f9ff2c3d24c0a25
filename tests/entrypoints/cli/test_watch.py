"""`careful watch` has its commands."""

from careful.entrypoints.cli.watch import command


def test_what_there_is():
    alerts = {"list", "show", "expected", "trouble", "cut", "expectations", "chain", "rules"}
    assert set(command.commands) >= alerts | {"replay", "learn", "conform"}
