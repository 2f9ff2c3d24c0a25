"""Asking about alerts."""

from datetime import timedelta

import pytest

from careful import monitoring
from careful.kernel.errors import NotFound


def test_lists_are_filtered_and_ordered(town, world, clock):
    one, other = town.devices(2)
    monitoring.raise_alerts(world, [town.seen(one, action="alert")])
    clock.advance(timedelta(seconds=60))
    monitoring.raise_alerts(world, [town.seen(one, "scan", action="alert"), town.seen(other, "scan", action="alert")])
    assert [found.rule for found in monitoring.alerts(world)] == ["scan", "flood"]
    assert [found.rule for found in monitoring.alerts(world, by="devices", down=False)] == ["flood", "scan"]
    assert [found.rule for found in monitoring.alerts(world, device=other)] == ["scan"]
    assert monitoring.alerts(world, state="expected") == []
    assert monitoring.alerts(world, product="lock-9") == []
    assert len(monitoring.alerts(world, limit=1)) == 1
    assert monitoring.counts(world) == {"open": 2, "hard": 0, "held": 0}


def test_no_such_alert(world):
    with pytest.raises(NotFound):
        monitoring.alert(world, "x")


def test_devices_carry_their_past_and_releases_are_counted(town, world):
    one, other = town.devices(2)
    monitoring.raise_alerts(world, [town.seen(one), town.seen(other, release="1.0.1")])
    [alert] = monitoring.alerts(world)
    assert monitoring.devices_of(world, alert.id)[0].past == (1.0, 2.0, 900.0)
    assert monitoring.releases_of(world, alert.id) == {"1.0.0": 1, "1.0.1": 1}


def test_what_spreads_among_devices_of_a_release(town, world, clock):
    given = town.devices(4)
    monitoring.raise_alerts(world, [town.seen(name) for name in given[:3]])
    monitoring.raise_alerts(world, [town.seen(given[3], release="1.0.1")])
    [(alert, release, count)] = monitoring.wide(world, timedelta(hours=1), 2)
    assert (alert.rule, release, count) == ("flood", "1.0.0", 3)
    clock.advance(timedelta(hours=2))
    assert monitoring.wide(world, timedelta(hours=1), 2) == []
