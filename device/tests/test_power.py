import sys

import pytest

from careful_device import power
from careful_device.conditions import Power


def supplies(folder, **each):
    """Write a folder as the kernel has it: name -> {file: text}."""
    for name, files in each.items():
        (folder / name).mkdir(parents=True)
        for file, text in files.items():
            (folder / name / file).write_text(f"{text}\n")
    return folder


BATTERY = {"type": "Battery", "capacity": "31", "status": "Discharging", "present": "1"}


@pytest.mark.parametrize(
    ("each", "found"),
    [
        pytest.param({}, Power(mains=True), id="no supply: no battery"),
        pytest.param({"AC": {"type": "Mains", "online": "1"}}, Power(mains=True), id="mains alone"),
        pytest.param({"BAT0": BATTERY}, Power(battery=31, mains=False), id="battery alone, in use"),
        pytest.param({"BAT0": {**BATTERY, "status": "Charging"}}, Power(battery=31, mains=True), id="charging"),
        pytest.param({"BAT0": {**BATTERY, "status": "Unknown"}}, Power(battery=31), id="nobody knows"),
        pytest.param(
            {"BAT0": {**BATTERY, "status": "Full"}, "AC": {"type": "Mains", "online": "0"}},
            Power(battery=31, mains=False), id="the plug's word is better",
        ),
        pytest.param(
            {"BAT0": BATTERY, "usb": {"type": "USB", "online": "1"}, "AC": {"type": "Mains", "online": "0"}},
            Power(battery=31, mains=True), id="one of two plugs",
        ),
        pytest.param(
            {"BAT0": BATTERY, "BAT1": {**BATTERY, "capacity": "12"}}, Power(battery=12, mains=False), id="the emptiest"
        ),
        pytest.param(
            {"BAT0": BATTERY, "BAT1": {**BATTERY, "capacity": "0", "present": "0"}}, Power(battery=31, mains=False),
            id="one was taken out",
        ),
        pytest.param(
            {"mouse": {**BATTERY, "capacity": "3", "scope": "Device"}}, Power(mains=True), id="a mouse's battery"
        ),
        pytest.param({"bms": {"type": "BMS"}, "BAT0": BATTERY}, Power(battery=31, mains=False), id="a gauge's helper"),
        pytest.param(
            {"BAT0": {"type": "Battery"}}, Power(trouble="BAT0 gives no capacity"), id="a battery that says nothing"
        ),
        pytest.param(
            {"BAT0": {**BATTERY, "capacity": "-5"}}, Power(trouble="BAT0 gives no capacity"), id="a broken gauge"
        ),
    ],
)  # fmt: skip
def test_what_the_kernel_says(tmp_path, each, found):
    folder = tmp_path / "power_supply"
    folder.mkdir()
    assert power.look((), supplies(folder, **each), tmp_path) == found


def test_a_kernel_without_the_class(tmp_path):
    assert power.look((), tmp_path / "none", tmp_path) == Power()


def test_this_machine_can_be_asked(tmp_path):
    assert isinstance(power.look((), power.Path("/sys/class/power_supply"), tmp_path), Power)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param('print(\'{"battery": 31, "power": "battery"}\')', Power(battery=31, mains=False), id="good"),
        pytest.param("raise SystemExit(3)", Power(trouble="the power command ended with 3"), id="failed"),
    ],
)
def test_a_makers_command(tmp_path, script, found):
    assert power.look((sys.executable, "-c", script), tmp_path, tmp_path) == found


@pytest.mark.parametrize("script", ["print('31 %')", "print('[]')", "print('[' * 100000)"])
def test_a_command_that_babbles_is_trouble(tmp_path, script):
    assert "must print" in power.look((sys.executable, "-c", script), tmp_path, tmp_path).trouble


def test_a_command_that_cannot_be_started_is_trouble(tmp_path, monkeypatch):
    assert "did not answer" in power.look((str(tmp_path / "missing"),), tmp_path, tmp_path).trouble
    monkeypatch.setattr(power, "_SECONDS", 0.2)
    assert "did not answer" in power.look(("sleep", "5"), tmp_path, tmp_path).trouble
