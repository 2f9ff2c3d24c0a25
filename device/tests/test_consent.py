import stat

import pytest

from careful_device import consent


@pytest.mark.parametrize(("status", "agrees"), [(0, True), (1, False), (2, None), (75, None)])
def test_the_command_gives_the_owners_answer(tmp_path, status, agrees):
    command = tmp_path / "asks"
    command.write_text(f'#!/bin/sh\n[ "$1" = 1.0.1 ] && [ "$CAREFUL_VERSION" = 1.0.1 ] || exit 9\nexit {status}\n')
    command.chmod(stat.S_IRWXU)
    assert consent.ask([str(command)], "1.0.1", tmp_path) is agrees


def test_without_a_command_the_device_agrees(tmp_path):
    assert consent.ask([], "1.0.1", tmp_path) is True


def test_a_command_that_cannot_be_started_is_no_answer(tmp_path):
    assert consent.ask([str(tmp_path / "missing")], "1.0.1", tmp_path) is None


def test_a_command_that_waits_is_no_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(consent, "_SECONDS", 0.2)
    assert consent.ask(["sleep"], "5", tmp_path) is None
