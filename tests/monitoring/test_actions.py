"""Raising alerts, cutting off within the share, and a person's word."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from careful import devices, monitoring
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused


def names(world):
    with world.look() as connection:
        return [entry.name for entry in ledger.read(connection) if entry.name.startswith("monitoring.")]


def only(world, **what):
    [found] = monitoring.alerts(world, **what)
    return found


def test_many_devices_with_one_cause_are_one_alert(town, world):
    found = [town.seen(name, action="alert") for name in town.devices(12)]
    assert monitoring.raise_alerts(world, found[:5]) == 5
    monitoring.raise_alerts(world, found)
    alert = only(world)
    assert (alert.devices, alert.times, alert.action, alert.state) == (12, 17, "alert", "open")
    assert len(monitoring.devices_of(world, alert.id)) == 12
    assert names(world) == ["monitoring.alert_raised", "monitoring.alert_spread"]
    assert set(town.states().values()) == {"active"}


def test_the_hardest_are_cut_off_and_beyond_the_share_held_for_a_person(town, world, staff):
    found = [town.seen(name) for name in town.devices(9)]
    monitoring.raise_alerts(world, found)
    assert monitoring.cut_due(world) == 5
    assert monitoring.cut_due(world) == 0
    assert sorted(town.states().values()) == ["active"] * 4 + ["quarantined"] * 5
    alert = only(world)
    assert (alert.cut, alert.held) == (5, 4)
    assert "monitoring.quarantine_held" in names(world)
    monitoring.raise_alerts(world, found)  # the same again cuts off nobody more
    assert monitoring.cut_due(world) == 0
    assert monitoring.cut_held(world, staff, alert.id, "They are all bots.") == 4
    assert set(town.states().values()) == {"quarantined"}
    with pytest.raises(Refused):
        monitoring.cut_held(world, staff, alert.id, "Again.")


def test_the_share_is_counted_over_all_alerts_of_an_hour(town, world, clock):
    given = town.devices(9)
    monitoring.raise_alerts(world, [town.seen(name) for name in given[:4]])
    monitoring.raise_alerts(world, [town.seen(name, "scan") for name in given[4:8]])
    monitoring.cut_due(world)
    assert sorted(town.states().values()).count("quarantined") == 5
    clock.advance(timedelta(seconds=3601))
    monitoring.raise_alerts(world, [town.seen(given[8], "two_places")])
    assert monitoring.cut_due(world) == 1


def test_who_was_let_in_again_and_does_it_again_is_cut_off_again(town, world, staff):
    [name] = town.devices(1)
    monitoring.raise_alerts(world, [town.seen(name)])
    monitoring.cut_due(world)
    devices.restore(world, staff, name, "Repaired.")
    [one] = monitoring.devices_of(world, only(world).id)
    assert one.fate == "let in"
    monitoring.raise_alerts(world, [town.seen(name)])
    assert monitoring.cut_due(world) == 1
    assert town.states()[name] == "quarantined"


def test_a_device_that_a_person_cut_off_already_is_no_error(town, world, staff):
    [name] = town.devices(1)
    monitoring.raise_alerts(world, [town.seen(name)])
    devices.quarantine(world, staff, name, "Seen by hand.")
    assert monitoring.cut_due(world) == 1
    assert monitoring.cut_due(world) == 0


def test_expected_for_one_device_changes_that_and_nothing_else(town, world, staff, clock):
    one, other = town.devices(2)
    monitoring.raise_alerts(world, [town.seen(one, action="alert")])
    first = only(world)
    word = monitoring.judge(world, staff, first.id, "expected", "A load test.", scope="device", value=one, days=7)
    assert only(world).state == "expected"
    assert monitoring.raise_alerts(world, [town.seen(one)]) == 0
    assert monitoring.cut_due(world) == 0
    assert monitoring.expectations(world)[0].times == 1
    assert monitoring.raise_alerts(world, [town.seen(other, action="alert")]) == 1
    assert monitoring.raise_alerts(world, [town.seen(one, "scan", action="alert")]) == 1
    assert monitoring.raise_alerts(world, [town.seen(one, cause="packets", action="alert")]) == 1
    monitoring.end_expectation(world, staff, word.id)
    assert monitoring.raise_alerts(world, [town.seen(one, action="alert")]) == 1
    with pytest.raises(NotFound):
        monitoring.end_expectation(world, staff, word.id)


def test_an_expectation_ends_by_itself(town, world, staff, clock):
    [name] = town.devices(1)
    monitoring.raise_alerts(world, [town.seen(name, action="alert")])
    monitoring.judge(world, staff, only(world).id, "expected", "Moving house.", scope="product", days=1)
    clock.advance(timedelta(days=1, seconds=1))
    assert monitoring.raise_alerts(world, [town.seen(name, action="alert")]) == 1
    assert monitoring.expectations(world) == []
    assert len(monitoring.expectations(world, living=False)) == 1


def test_a_judged_cause_that_comes_again_is_a_new_alert(town, world, staff):
    [name] = town.devices(1)
    monitoring.raise_alerts(world, [town.seen(name, action="alert")])
    monitoring.judge(world, staff, only(world).id, "confirmed", "It was malware.")
    with pytest.raises(Refused):
        monitoring.judge(world, staff, only(world).id, "expected", "On second thoughts.")
    monitoring.raise_alerts(world, [town.seen(name, action="alert")])
    assert sorted(one.state for one in monitoring.alerts(world)) == ["confirmed", "open"]
    assert names(world).count("monitoring.alert_raised") == 2


@pytest.mark.parametrize(
    ("verdict", "what"),
    [
        ("expected", {"scope": "device", "value": "someone-else"}),
        ("expected", {"scope": "release", "value": "9.9.9"}),
        ("expected", {"scope": "world", "value": "x"}),
        ("expected", {"scope": "product", "days": 0}),
        ("confirmed", {"scope": "product"}),
    ],
    ids=["foreign device", "foreign release", "no scope", "no days", "trouble that is expected"],
)
def test_a_word_about_something_else_is_refused(verdict, what, town, world, staff):
    [name] = town.devices(1)
    monitoring.raise_alerts(world, [town.seen(name, action="alert")])
    with pytest.raises(Invalid):
        monitoring.judge(world, staff, only(world).id, verdict, "Because.", **what)
    assert only(world).state == "open"
    assert monitoring.expectations(world) == []


def test_a_reason_is_needed_and_an_alert(town, world, staff):
    with pytest.raises(Invalid):
        monitoring.judge(world, staff, "x", "expected", " ")
    with pytest.raises(NotFound):
        monitoring.judge(world, staff, "x", "expected", "Because.")


def test_a_drill_touches_no_share_and_no_list(town, world):
    given = town.devices(9)
    monitoring.raise_alerts(world, [town.seen(name, drill=True) for name in given[:7]])
    assert monitoring.cut_due(world) == 7
    assert monitoring.alerts(world) == []
    assert only(world, drills=True).drill
    monitoring.raise_alerts(world, [town.seen(name) for name in given[7:]])
    assert monitoring.cut_due(world) == 2
    assert len(monitoring.alerts(world, drills=True)) == 2


def test_nothing_personal_goes_into_the_ledger(town, world, staff):
    [name] = town.devices(1)
    evil = town.seen(
        name, "undeclared_destination", action="alert", cause="canary.example:443/tcp", says="To canary.example."
    )
    monitoring.raise_alerts(world, [evil])
    with world.look() as connection:
        assert not [one for one in ledger.read(connection) if "canary" in str(one.data)]


def test_strangers_are_shown_and_never_cut_off(town, world):
    town.devices(1)
    monitoring.raise_alerts(world, [town.seen(monitoring.NO_DEVICE)])
    assert monitoring.cut_due(world) == 0
    assert only(world).devices == 1


def test_gateways_that_see_one_cause_at_once_make_one_alert(town, world):
    given = town.devices(20)
    begin = threading.Barrier(4)

    def gateway(number):
        begin.wait()
        for name in given[number::4]:
            monitoring.raise_alerts(world, [town.seen(name, action="alert")])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(gateway, range(4)))
    alert = only(world)
    assert (alert.devices, alert.times) == (20, 20)
    assert names(world).count("monitoring.alert_raised") == 1


def test_gateways_together_keep_to_the_share(town, world):
    given = town.devices(16)
    begin = threading.Barrier(4)

    def gateway(number):
        begin.wait()
        monitoring.raise_alerts(world, [town.seen(name, cause=str(number)) for name in given[number::4]])
        monitoring.cut_due(world)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(gateway, range(4)))
    assert list(town.states().values()).count("quarantined") <= 5


def test_names_that_devices_make_up_are_one_row_with_the_first_and_a_count(town, world, staff):
    given = town.devices(3)
    for second in range(40):
        found = town.seen(given[second % 3], "undeclared_field", action="alert", names=(f"telemetry.x{second:02d}",))
        monitoring.raise_alerts(world, [found])
    alert = only(world)
    assert (len(alert.names), alert.names[0], alert.more, alert.devices) == (12, "telemetry.x00", 28, 3)
    assert alert.subject == "telemetry.x00, telemetry.x01, telemetry.x02 and 37 more"
    monitoring.judge(world, staff, alert.id, "expected", "A test build.", scope="product")
    known = town.seen(given[0], "undeclared_field", action="alert", names=("telemetry.x03",))
    other = town.seen(given[0], "undeclared_field", action="alert", names=("telemetry.password",))
    assert monitoring.raise_alerts(world, [known]) == 0
    assert monitoring.raise_alerts(world, [other]) == 1
    assert only(world, state="open").names == ("telemetry.password",)


def test_more_causes_than_a_person_can_read_share_one_row(town, world, staff):
    [name, other] = town.devices(2)
    for number in range(300):
        cause = f"host{number:03d}.example:443/tcp"
        monitoring.raise_alerts(world, [town.seen(name, "undeclared_destination", action="alert", cause=cause)])
    rows = monitoring.alerts(world)
    assert len(rows) == 21
    [crowd] = [one for one in rows if one.names]
    assert (len(crowd.names), crowd.more) == (12, 268)
    monitoring.judge(world, staff, crowd.id, "expected", "A lab.", scope="device", value=name)
    again = town.seen(name, "undeclared_destination", action="alert", cause="host025.example:443/tcp")
    assert monitoring.raise_alerts(world, [again]) == 0
    again = town.seen(other, "undeclared_destination", action="alert", cause="host025.example:443/tcp")
    assert monitoring.raise_alerts(world, [again]) == 1
