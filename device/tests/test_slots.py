import pytest

from careful_device.errors import SlotError
from careful_device.model import Facts, Target
from careful_device.slots import HookSlots, call

FACTS = Facts(device="d", product="cam-1", hardware="rev-a", version="")
TARGET = Target(
    path="1.1/f", length=1, sha256="0" * 64, product="cam-1", hardware=("rev-a",), version="1.1", security_version=1
)
SCRIPT = """#!/bin/sh
echo "$1 $2 $CAREFUL_VERSION $CAREFUL_IMAGE $CAREFUL_PRODUCT $CAREFUL_HARDWARE $SECRET" >> log
case "$2" in
  running) echo 1.0; echo A ;;
  activate) echo "first" >&2; echo "the boot loader is locked" >&2; exit 3 ;;
esac
"""


@pytest.fixture
def hook(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "of the agent")
    (tmp_path / "hook").write_text(SCRIPT)
    (tmp_path / "hook").chmod(0o755)
    return HookSlots([str(tmp_path / "hook"), "mmc"], tmp_path, FACTS)


def test_the_hook_is_told_what_to_do_and_nothing_else(hook, tmp_path):
    assert hook.running() == ("1.0", "A")
    hook.install(tmp_path / "image", TARGET)
    hook.confirm(TARGET)
    hook.rollback(TARGET)
    assert (tmp_path / "log").read_text().splitlines() == [
        "mmc running   cam-1 rev-a ",
        f"mmc install 1.1 {tmp_path / 'image'} cam-1 rev-a ",
        "mmc confirm 1.1  cam-1 rev-a ",
        "mmc rollback 1.1  cam-1 rev-a ",
    ]


def test_its_last_words_are_the_reason(hook):
    with pytest.raises(SlotError, match="the slot hook's activate ended with 3: the boot loader is locked"):
        hook.activate(TARGET)


def test_a_hook_that_is_not_there(tmp_path):
    hook = HookSlots([str(tmp_path / "none")], tmp_path, FACTS)
    assert hook.running() == ("", "")
    with pytest.raises(SlotError, match="cannot be started: No such file"):
        hook.confirm(TARGET)


def test_a_command_that_takes_too_long(tmp_path):
    with pytest.raises(SlotError, match="longer than 0 s"):
        call(["sleep", "5"], "the nap", 0.05, None, tmp_path)
