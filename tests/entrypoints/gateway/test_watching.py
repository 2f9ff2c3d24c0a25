"""A second's counts become windows, alerts and cuts; silence is found; nothing is forgotten over a restart."""

import json
from datetime import timedelta

import pytest

from careful import devices, monitoring, products
from careful.entrypoints.gateway.watching import COHORTS_EVERY, Tally, Watch
from careful.kernel import ledger
from careful.kernel.errors import Unavailable

DECLARED = b"""\
schema: product/1
product: {id: cam-9, name: Test Cam, models: [TC-9]}
ecosystem:
  - id: device
    kind: device
    edges: [{to: cloud, protocol: mqtt, port: 8883, direction: out}]
  - {id: cloud, kind: cloud, hosts: [mqtt.example]}
connectivity: {heartbeat_minutes: 5}
data:
  - {id: telemetry, fields: [temperature_c], personal: false, rate: {messages: 60, per: hour}}
"""


class Scene:
    """A watch over made devices, second after second."""

    def __init__(self, world, staff, clock):
        self.world, self.staff, self.clock = world, staff, clock
        products.declare(world, staff, DECLARED)
        devices.make_tokens(world, staff, "cam-9", [f"cam-9-{one}" for one in range(8)], "rev-a")
        with world.database.transaction("write") as connection:
            connection.exec_driver_sql("UPDATE devices_device SET state = 'active', version = '1.0.1'")
        self.watch = Watch(world)
        self.watch.begin()

    def second(self, tallies, seconds=1.0):
        start = self.clock.now().timestamp()
        self.clock.advance(timedelta(seconds=seconds))
        return self.watch.turn(tallies, start, seconds)

    def rules(self, **what):
        return sorted(one.rule for one in monitoring.alerts(self.world, **what))


@pytest.fixture
def scene(world, staff, clock):
    return Scene(world, staff, clock)


def test_a_quiet_second_is_quiet(scene):
    assert scene.second({"cam-9-1": Tally("cam-9", {"up/telemetry": [3, 300]}, connects=1)}) == 0
    assert scene.rules() == []


def test_a_flood_is_cut_off_in_the_same_turn(scene):
    assert scene.second({"cam-9-1": Tally("cam-9", {"up/telemetry": [5000, 300_000]})}) == 2
    assert devices.get(scene.world, "cam-9-1").state == "quarantined"
    assert scene.rules() == ["flood", "rate_over_limit"]


def test_what_an_agent_says_becomes_conversations_and_versions_are_compared(scene):
    table = json.dumps({"peers": ["203.0.113.9 4444 tcp established out"]}).encode()
    scene.second({"cam-9-1": Tally("cam-9", said=[("event/connections", table)], versions=["1.0.0"])})
    assert scene.rules() == ["downgrade", "undeclared_destination"]
    [alert] = monitoring.alerts(scene.world, rule="undeclared_destination")
    assert alert.subject == "203.0.113.9:4444/tcp"
    assert monitoring.releases_of(scene.world, alert.id) == {"1.0.0": 1}


def test_counters_of_an_agent_s_reports_are_differenced_and_a_reset_is_said(scene):
    seen = []
    judge = scene.watch._judge
    scene.watch._judge = lambda window, drill: seen.append(window) or judge(window, drill)
    for number, sent in enumerate((5_000_000, 5_000_700, 300), 1):
        report = {"hed": {"rid": number, "v": "1.0"}, "met": {"ns": {"bo": sent}, "tp": {"pts": [{"pt": 22}]}}}
        scene.second({"cam-9-1": Tally("cam-9", said=[("defender/json", json.dumps(report).encode())])})
    assert [dict(one.counters) for one in seen] == [
        {"listening_tcp": 1.0},
        {"listening_tcp": 1.0, "bytes_out": 700.0},
        {"listening_tcp": 1.0, "bytes_out": 300.0, "resets": 1.0},
    ]


def test_silence_is_found_once_and_the_silence_of_all_is_one_incident(scene):
    scene.second({"cam-9-1": Tally("cam-9", connects=1), "cam-9-2": Tally("cam-9", connects=1)})
    for _ in range(50):
        scene.second({"cam-9-2": Tally("cam-9", {"up/telemetry": [1, 9]})}, 25.0)
    assert scene.rules() == ["silence"]
    [alert] = monitoring.alerts(scene.world)
    assert [one.device for one in monitoring.devices_of(scene.world, alert.id)] == ["cam-9-1"]
    assert "fleet" not in alert.cause


def test_all_falling_silent_is_one_incident(scene):
    everybody = [f"cam-9-{one}" for one in range(8)]
    scene.second({name: Tally("cam-9", connects=1) for name in everybody})
    for _ in range(40):
        scene.second({}, 25.0)
    [alert] = monitoring.alerts(scene.world)
    assert (alert.devices, alert.subject) == (8, "cam-9 (fleet)")


def test_our_own_sleep_is_nobodys_silence(scene):
    scene.second({f"cam-9-{one}": Tally("cam-9", connects=1) for one in range(8)})
    scene.second({}, 50_000.0)
    for _ in range(40):
        scene.second({}, 10.0)
    assert scene.rules() == []


def test_whom_another_gateway_hears_is_not_missed(scene):
    scene.second({"cam-9-1": Tally("cam-9", connects=1)})
    for _ in range(40):
        scene.second({}, 25.0)
        devices.seen(scene.world, {"cam-9-1": scene.clock.now()})
    assert scene.rules() == []


def test_who_only_posts_over_https_is_missed_too_once_it_stops(scene):
    scene.second({"cam-9-1": Tally("cam-9", connects=1)})
    for _ in range(60):
        scene.second({"cam-9-1": Tally("cam-9", {"state/reported": [1, 9]})}, 25.0)
        devices.seen(scene.world, {"cam-9-2": scene.clock.now()})
    assert scene.rules() == []
    for _ in range(40):
        scene.second({"cam-9-1": Tally("cam-9", {"state/reported": [1, 9]})}, 25.0)
    assert scene.rules() == ["silence"]
    [alert] = monitoring.alerts(scene.world)
    assert [one.device for one in monitoring.devices_of(scene.world, alert.id)] == ["cam-9-2"]


def test_a_device_that_was_let_in_again_is_watched_as_closely(scene):
    flood = {"cam-9-1": Tally("cam-9", {"up/telemetry": [5000, 300_000]})}
    scene.second(flood)
    devices.restore(scene.world, scene.staff, "cam-9-1", "Repaired.")
    assert scene.second(flood) == 2
    assert devices.get(scene.world, "cam-9-1").state == "quarantined"


def test_what_the_database_did_not_take_is_raised_the_next_second(scene, monkeypatch):
    def fail(*_):
        raise Unavailable("The database is locked.")

    with monkeypatch.context() as broken, pytest.raises(Unavailable):
        broken.setattr(monitoring, "raise_alerts", fail)
        scene.second({"cam-9-1": Tally("cam-9", refusals={"foreign-topic": 5})})
    assert scene.rules() == []
    assert scene.second({}) == 1
    assert devices.get(scene.world, "cam-9-1").state == "quarantined"
    assert scene.second({}) == 0


def test_one_that_cannot_be_raised_holds_up_no_other(scene, monkeypatch):
    real = monitoring.raise_alerts

    def fail(world, found):
        if any(one.detection.rule == "undeclared_field" for one in found):
            raise ValueError("something in it")
        return real(world, found)

    monkeypatch.setattr(monitoring, "raise_alerts", fail)
    assert scene.second({"cam-9-1": Tally("cam-9", refusals={"foreign-topic": 1}, undeclared={"x": 1})}) == 1
    assert scene.rules() == ["topic_probing"]


def test_fields_may_be_called_anything(scene):
    assert scene.second({"cam-9-1": Tally("cam-9", undeclared={"telemetry.a\0\ud800|<b>": 1})}) == 1
    assert scene.rules() == ["undeclared_field"]


def test_a_restart_forgets_nothing(scene):
    probe = {"cam-9-1": Tally("cam-9", refusals={"unknown-topic": 2})}
    assert scene.second(probe) == 0
    scene.watch.end()
    scene.watch = Watch(scene.world)
    scene.watch.begin()
    assert scene.second({"cam-9-1": Tally("cam-9", refusals={"unknown-topic": 1})}) == 1


def test_the_https_doors_count_too(scene):
    scene.second({})
    devices.record_refusals(
        scene.world, [devices.Refusal("cam-9-1", "other-device", "asked for another", 3, scene.clock.now())]
    )
    scene.clock.advance(timedelta(seconds=1))
    scene.second({})
    devices.record_refusals(scene.world, [devices.Refusal("", "enrol.token", "", 6, scene.clock.now())])
    scene.second({})
    assert scene.rules() == ["refused_logins", "topic_probing"]
    scene.second({})
    assert monitoring.alerts(scene.world, rule="refused_logins")[0].times == 1


def test_a_new_declaration_counts_at_once(scene):
    table = json.dumps({"peers": ["203.0.113.9 4444 tcp established out"]}).encode()
    declared = DECLARED.replace(b"port: 8883", b"port: 4444")
    products.declare(scene.world, scene.staff, declared)
    assert scene.second({"cam-9-1": Tally("cam-9", said=[("event/connections", table)])}) == 0


def test_kinds_are_learned(scene):
    for _ in range(40):
        scene.second({f"cam-9-{one}": Tally("cam-9", {"up/telemetry": [1, 50]}) for one in range(8)}, 61.0)
    scene.second({}, COHORTS_EVERY)
    assert scene.rules() == []


def test_watching_is_put_on_record_and_again_each_hour(scene):
    scene.second({"cam-9-1": Tally("cam-9", connects=1)})
    scene.second({}, 3700.0)
    with scene.world.look() as connection:
        told = ledger.read(connection, names=["monitoring.watched"])
    mqtt = [one for one in told if one.data["source"] == "mqtt"]
    assert [one.data["devices"] for one in mqtt] == [0, 1]
    assert len(told) == 4


def test_numbers_of_plain_messages_are_looked_at(scene):
    seen = []
    judge = scene.watch._judge
    scene.watch._judge = lambda window, drill: seen.append(window) or judge(window, drill)
    message = b'{"temperature_c": 20.5, "on": true, "name": "x", "big": 1e308}'
    last = {"up/telemetry": message, "up/other": b"[1]", "up/more": b"{"}
    scene.second({"cam-9-1": Tally("cam-9", {"up/telemetry": [1, 9]}, last=last)})
    assert dict(seen[0].counters) == {"reading:telemetry.temperature_c": 20.5}


def test_repeats_and_held_connections_are_seen_live(scene):
    scene.second({"cam-9-1": Tally("cam-9", repeated=2), "cam-9-2": Tally("cam-9", held=21)})
    assert scene.rules() == ["held_connections", "repeated_messages"]
    assert devices.get(scene.world, "cam-9-2").state == "quarantined"
