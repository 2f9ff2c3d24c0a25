"""Recorded traffic through the running system's detections."""

import pytest
from recordings import CLOUD, DEVICE, SYN, Line, connack, connect, pcap, publish

from careful.monitoring.captures import Recording
from careful.monitoring.labels import Attack, Labels
from careful.monitoring.model import Detection, Expected
from careful.monitoring.replay import Findings, device_days, replay, score


def fired(at, device="d", rule="flood", cause="c", observed=5.0, action="alert"):
    return Detection(rule, device, at, observed, 1.0, "built-in", f"{observed}", cause, action)


def found(*detections):
    findings = Findings()
    for one in detections:
        findings.add(one)
    return list(findings)


def test_what_fires_again_soon_is_one_finding_that_shows_its_worst():
    one, two = found(fired(10.0), fired(200.0, observed=9.0), fired(900.0))
    assert (one.first, one.last, one.times, one.observed, one.says) == (10.0, 200.0, 2, 9.0, "9.0")
    assert (two.first, two.times) == (900.0, 1)


def test_each_device_cause_and_action_is_its_own():
    assert len(found(fired(1.0), fired(1.0, device="e"), fired(1.0, cause="x"), fired(1.0, action="note"))) == 4


@pytest.mark.parametrize(
    ("attack", "after", "false"),
    [
        (Attack("d", 95.0, 120.0, "x"), 5.0, 0),
        (Attack("", 95.0, 120.0, "x"), 5.0, 0),
        (Attack("e", 95.0, 120.0, "x"), None, 1),
        (Attack("d", 200.0, 220.0, "x"), None, 1),
        (Attack("d", 10.0, 50.0, "x"), 90.0, 0),
        (Attack("d", 100.5, 120.0, "x"), 0.0, 0),
    ],
    ids=["within", "of anybody", "of another", "before it", "soon after it", "in the window of its first frame"],
)
def test_attacks_are_found_or_not(attack, after, false):
    result = score(found(fired(100.0)), Labels(attacks=[attack]), 2.0)
    assert result.attacks[0].after == after
    assert (result.found, len(result.false_alarms), result.device_days) == (after is not None, false, 2.0)


def test_a_recording_is_judged_like_live_traffic(tmp_path):
    line = Line()
    quiet = [(100.0, one) for one in [*line.opened(), line.up(connect()), line.down(connack())]]
    flood = [(110.0 + number / 1000, line.up(publish())) for number in range(400)]
    scan = [(130.0 + n / 100, Line(server=f"203.0.113.{n}", port=23).segment(flags=SYN)) for n in range(50)]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([*quiet, *flood, *scan]))
    recording = Recording(path)
    findings = list(replay(recording, lambda _: Expected(product="")))
    assert {(one.rule, one.device) for one in findings} == {("flood", DEVICE), ("scan", DEVICE)}
    assert "note" not in {one.action for one in findings}
    assert device_days(recording) == pytest.approx(31 / 86_400)


def test_frames_that_are_labelled_become_attacks(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(100.0, Line(server=CLOUD, port=80).segment(flags=SYN))]))
    labels = Labels(frames={1: "odd"})
    replay(Recording(path, labels=labels), lambda _: Expected(product=""))
    assert labels.all() == [Attack(DEVICE, 100.0, 100.0, "odd", 1)]
