"""Progress is for terminals only."""

from careful.entrypoints.cli import progress


def test_a_pipe_gets_nothing(capsys):
    with progress.counting("Reading") as tell:
        tell(7)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_the_number_grow(monkeypatch, capsys):
    plain = progress.Console
    monkeypatch.setattr(progress, "Console", lambda **_: plain(stderr=True, force_terminal=True, width=60))
    with progress.counting("Reading") as tell:
        tell(1234)
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Reading" in seen.err
