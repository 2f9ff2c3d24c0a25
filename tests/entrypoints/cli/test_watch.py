from careful.entrypoints.cli.watch import command


def test_what_there_is():
    assert set(command.commands) >= {"replay", "learn", "conform"}
