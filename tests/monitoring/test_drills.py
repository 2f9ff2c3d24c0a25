"""Judging a drill, and what is put on record of it."""

import pytest

from careful import monitoring
from careful.kernel import ledger
from careful.kernel.errors import Invalid

CASES = {
    "noticed never": ((None, None), False, "noticed never."),
    "seen too late": ((2.5, None), False, "too late."),
    "seen and never cut off": ((0.8, None), False, "never cut off."),
    "cut off too late": ((0.8, 3.4), False, "too late."),
    "in time": ((0.8, 1.4), True, "cut off after 1.4 s."),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    (seen, cut), held, ends = CASES[case]
    outcome = monitoring.judge_drill("flood", "drill-1", seen, cut, cuts=True, within=2.0)
    assert outcome.held is held
    assert outcome.reason.endswith(ends)


def test_where_nothing_must_be_cut_off_seeing_is_enough():
    assert monitoring.judge_drill("downgrade", "drill-1", 0.8, None, cuts=False, within=2.0).held


def test_a_drill_is_on_record_and_its_alert_closed(town, world, staff):
    [name] = town.devices(1)
    monitoring.begin_drill(world, staff, name, "flood")
    with world.look() as connection:
        assert set(monitoring.drills(connection)) == {name}
    monitoring.raise_alerts(world, [town.seen(name, drill=True)])
    monitoring.end_drill(world, staff, monitoring.judge_drill("flood", name, 0.8, 1.4, cuts=True, within=2.0))
    with world.look() as connection:
        assert monitoring.drills(connection) == {}
    [alert] = monitoring.alerts(world, drills=True)
    assert alert.state == "expected"
    with world.look() as connection:
        [entry] = ledger.read(connection, names=["monitoring.drilled"])
    assert (entry.data["held"], entry.data["seen_ms"], entry.data["cut_ms"]) == (True, 800, 1400)


def test_no_such_drill(world, staff):
    with pytest.raises(Invalid):
        monitoring.begin_drill(world, staff, "d", "tea-break")


def test_every_drill_names_a_detection():
    for one in monitoring.DRILLS.values():
        assert monitoring.rule(one.rule)
