"""The detections on real, labelled traffic, where it is there: attacks are found, quiet days are quiet."""

import os
import subprocess
from pathlib import Path

import pytest

from careful.monitoring import Expected, recorded

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "traffic"


@pytest.fixture(scope="module")
def traffic(tmp_path_factory):
    archives = sorted(DATA.glob("*.tar.zst"))
    if not archives:
        pytest.skip(f"There is no recorded traffic in {DATA} (set CAREFUL_TEST_DATA)")
    folder = tmp_path_factory.mktemp("traffic")
    for archive in archives:
        subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)
    return folder


def found(path, learnt=None, labels=None):
    recording = recorded.Recording(path, labels=labels)
    findings = list(recorded.replay(recording, lambda _: Expected(product="", learnt=learnt)))
    assert recording.account.damaged is None
    return findings, recorded.device_days(recording)


def test_labelled_days_beside_a_quiet_one(traffic):
    quiet = recorded.learn(recorded.Recording(traffic / "capture_1910210000_mon.pcap").windows())
    for day in ("1910230000_wed", "1910240000_thu"):
        with (traffic / f"capture_{day[:10]}_labels.csv").open() as lines:
            labels = recorded.read_labels(lines)
        findings, days = found(traffic / f"capture_{day}.pcap", quiet, labels)
        result = recorded.score(findings, labels, days)
        assert (result.found, len(result.attacks), len(result.false_alarms)) == (1, 1, 0)
        assert result.attacks[0].after < 600


@pytest.mark.parametrize("name", ["flood", "malariados"])
def test_attacks_alone(traffic, name):
    findings, _ = found(traffic / f"{name}.pcap")
    assert "flood" in {one.rule for one in findings}
    assert {one.action for one in findings} & {"alert", "quarantine"}


@pytest.mark.parametrize("name", ["benign-5mb-train", "capture_1910210000_mon"])
def test_quiet_recordings_are_quiet(traffic, name):
    assert found(traffic / f"{name}.pcap")[0] == []


def test_devices_keep_to_their_own_profiles_and_not_to_others(traffic):
    muds, flows = {}, {}
    for path in sorted(traffic.glob("*/*Mud.json")):
        table = next(path.parent.glob("*_ipflows.csv"))
        muds[path.parent.name] = recorded.read_mud(path.read_bytes())
        windows = recorded.Recording(table, called=path.parent.name).windows()
        flows[path.parent.name] = [flow for window in windows for flow in window.flows]
    assert len(muds) >= 26

    def strange(mine, theirs):
        return [one for one in flows[theirs] if not muds[mine].permits(one)]

    assert sum(len(strange(name, name)) for name in muds) <= 3
    pairs = [(mine, theirs) for mine in muds for theirs in muds if mine != theirs]
    assert sum(bool(strange(*pair)) for pair in pairs) > 0.98 * len(pairs)
