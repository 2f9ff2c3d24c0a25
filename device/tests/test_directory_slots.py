import contextlib
from pathlib import Path

import pytest
from simulated_maker import image

from careful_device import directory_slots, files
from careful_device.directory_slots import DirectorySlots
from careful_device.errors import SlotError
from careful_device.model import Target


def target(version):
    return Target(
        path=version, length=1, sha256="0" * 64, product="p", hardware=("r",), version=version, security_version=1
    )


@pytest.fixture
def put(tmp_path):
    """Put an image's bytes on disk."""

    def write(version, content=None):
        path = tmp_path / "image"
        path.write_bytes(content or image(version))
        return path

    return write


@pytest.fixture
def slots(tmp_path, put):
    """Slots in which 1.0 runs, confirmed."""
    made = DirectorySlots(tmp_path / "slots", 10**6)
    for act in (lambda: made.install(put("1.0"), target("1.0")), lambda: made.activate(target("1.0"))):
        act()
    made.confirm(target("1.0"))
    return made


def test_a_new_device_runs_nothing(tmp_path):
    assert DirectorySlots(tmp_path / "slots", 10**6).running() == ("", "")


def test_the_first_software(slots):
    assert slots.running() == ("1.0", "a")


def test_over_and_back(slots, put):
    slots.install(put("1.1"), target("1.1"))
    assert slots.running() == ("1.0", "a")
    slots.activate(target("1.1"))
    assert slots.running() == ("1.1", "b")
    slots.rollback(target("1.1"))
    assert slots.running() == ("1.0", "a")


def test_each_act_may_be_asked_for_twice(slots, put):
    for act in (lambda one: slots.install(put("1.1"), one), slots.activate, slots.confirm, slots.rollback):
        act(target("1.1"))
        act(target("1.1"))
    assert slots.running() == ("1.1", "b")


def test_the_first_software_rolled_back_leaves_none(tmp_path, put):
    slots = DirectorySlots(tmp_path / "slots", 10**6)
    slots.install(put("1.0"), target("1.0"))
    slots.activate(target("1.0"))
    slots.rollback(target("1.0"))
    assert slots.running() == ("", "")


def test_a_trial_that_nobody_knows_of_is_undone_first(slots, put):
    slots.install(put("1.1"), target("1.1"))
    slots.activate(target("1.1"))
    slots.install(put("1.2"), target("1.2"))
    assert slots.running() == ("1.0", "a")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(image("9.9"), "says version 9.9", id="another version inside"),
        pytest.param(b"rubbish", "cannot be unpacked", id="no archive"),
    ],
)
def test_a_wrong_image_leaves_the_software_in_use_alone(slots, put, content, says):
    with pytest.raises(SlotError, match=says):
        slots.install(put("1.1", content), target("1.1"))
    assert slots.running() == ("1.0", "a")
    with pytest.raises(SlotError, match="does not hold"):
        slots.activate(target("1.1"))


def test_what_does_not_run_is_not_confirmed(slots):
    with pytest.raises(SlotError, match="runs 1.0, not 1.1"):
        slots.confirm(target("1.1"))


class PowerCut(BaseException):
    pass


def cut_at(monkeypatch, number):
    """Let the power fail at the `number`-th change to the disk."""
    left = [number]

    def fragile(real):
        def change(*arguments, **named):
            left[0] -= 1
            if left[0] == 0:
                raise PowerCut
            return real(*arguments, **named)

        return change

    for name in ("rename", "symlink_to", "mkdir"):
        monkeypatch.setattr(Path, name, fragile(getattr(Path, name)))
    monkeypatch.setattr(directory_slots.shutil, "rmtree", fragile(directory_slots.shutil.rmtree))
    for name in ("write", "remove", "flush_folder"):
        monkeypatch.setattr(files, name, fragile(getattr(files, name)))


@pytest.mark.parametrize("number", range(1, 40))
def test_a_power_cut_at_any_change_to_the_disk_leaves_whole_software(tmp_path, slots, put, monkeypatch, number):
    new = put("1.1")
    with monkeypatch.context() as patch:
        cut_at(patch, number)
        with contextlib.suppress(PowerCut):
            slots.install(new, target("1.1"))
            slots.activate(target("1.1"))
            slots.confirm(target("1.1"))
    again = DirectorySlots(tmp_path / "slots", 10**6)
    assert again.running()[0] in {"1.0", "1.1"}
    assert (again.current / "etc" / "os-release").exists()
    if again.running()[0] == "1.0":
        again.install(new, target("1.1"))
        again.activate(target("1.1"))
    again.confirm(target("1.1"))
    assert again.running()[0] == "1.1"
    assert not (tmp_path / "slots" / "trial.json").exists()


@pytest.mark.parametrize("number", range(1, 12))
def test_a_power_cut_while_going_back_is_survived(tmp_path, slots, put, monkeypatch, number):
    slots.install(put("1.1"), target("1.1"))
    slots.activate(target("1.1"))
    with monkeypatch.context() as patch:
        cut_at(patch, number)
        with contextlib.suppress(PowerCut):
            slots.rollback(target("1.1"))
    again = DirectorySlots(tmp_path / "slots", 10**6)
    assert again.running()[0] in {"1.0", "1.1"}
    again.rollback(target("1.1"))
    assert again.running() == ("1.0", "a")
