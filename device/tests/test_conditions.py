from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful_device.conditions import (
    Conditions,
    Power,
    conditions_from,
    in_window,
    is_news,
    lacking,
    power_from,
    said_of,
)
from careful_device.errors import AgentError

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=timezone.utc)  # a Monday
LOW = Power(battery=31, mains=False)


@pytest.mark.parametrize(
    ("wanted", "power", "says"),
    [
        pytest.param(Conditions(), LOW, "", id="nothing is asked for"),
        pytest.param(Conditions(min_battery=50), LOW, "battery at 31 %, asked for 50 %", id="battery low"),
        pytest.param(Conditions(min_battery=50), Power(battery=50, mains=False), "", id="just enough"),
        pytest.param(Conditions(min_battery=50), Power(battery=31, mains=True), "", id="low, but plugged in"),
        pytest.param(
            Conditions(min_battery=50), Power(battery=31), "battery at 31 %, asked for 50 %", id="no plug known"
        ),
        pytest.param(Conditions(min_battery=50), Power(mains=True), "", id="no battery"),
        pytest.param(Conditions(min_battery=50), Power(), "", id="a kernel that knows of no power supply"),
        pytest.param(Conditions(mains=True), LOW, "not plugged in", id="unplugged"),
        pytest.param(Conditions(mains=True, min_battery=50), LOW, "not plugged in", id="unplugged and low"),
        pytest.param(Conditions(mains=True), Power(mains=True), "", id="plugged in"),
        pytest.param(
            Conditions(min_battery=1), Power(trouble="BAT0 gives no capacity"),
            "its power cannot be told: BAT0 gives no capacity", id="a broken gauge is no permission",
        ),
        pytest.param(Conditions(window="11:00-13:00"), Power(trouble="x"), "", id="a broken gauge that nobody asks"),
        pytest.param(
            Conditions(window="22:00-04:00 UTC"), LOW, "outside its window, 22:00-04:00 UTC", id="at the wrong time"
        ),
    ],
)  # fmt: skip
def test_what_an_order_waits_for(wanted, power, says):
    kind, words = lacking(wanted, power, NOON)
    assert words == says
    assert bool(kind) == bool(says)


@pytest.mark.parametrize(
    ("window", "open_"),
    [
        pytest.param("12:00-12:01", True, id="its first moment"),
        pytest.param("11:00-12:00", False, id="its end is outside"),
        pytest.param("22:00-13:00 UTC", True, id="over midnight"),
        pytest.param("13:30-14:30 Europe/Berlin", True, id="by the clock on the wall there"),
        pytest.param("11:30-12:30 Europe/Berlin", False, id="not by UTC"),
        pytest.param("Mon 00:00-24:00", True, id="this day"),
        pytest.param("Sat,Sun 00:00-24:00", False, id="another day"),
        pytest.param("Sun 22:00-13:00", True, id="a night belongs to the day on which it begins"),
        pytest.param("Mon 22:00-13:00", False, id="and not to the next"),
        pytest.param("22:00-04:00 Mars/Olympus", True, id="a zone unknown here is the server's to watch"),
        pytest.param("noon", False, id="nonsense is never open"),
    ],
)
def test_windows(window, open_):
    assert in_window(window, NOON) is open_


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        pytest.param({"product": "cam-1"}, Conditions(), id="none"),
        pytest.param({"min-battery": "50", "power": "mains", "window": "22:00-04:00 UTC"},
                     Conditions(min_battery=50, mains=True, window="22:00-04:00 UTC"), id="all"),
    ],
)  # fmt: skip
def test_conditions_of_an_order(metadata, found):
    assert conditions_from(metadata) == found


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"min-battery": "101"}, id="over a hundred"),
        pytest.param({"min-battery": "half"}, id="no number"),
        pytest.param({"min-battery": "\u0665"}, id="foreign digits"),
        pytest.param({"min-battery": "9" * 5000}, id="endless digits"),
        pytest.param({"power": "solar"}, id="unknown power"),
        pytest.param({"window": "sometime"}, id="no window"),
    ],
)
def test_conditions_that_cannot_be_read_are_refused(metadata):
    with pytest.raises(AgentError):
        conditions_from(metadata)


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        pytest.param({"battery": 31, "power": "battery"}, LOW, id="both"),
        pytest.param({"battery": 31}, Power(battery=31), id="battery alone"),
        pytest.param({"power": "mains"}, Power(mains=True), id="plug alone"),
    ],
)
def test_what_the_makers_command_says(plain, found):
    assert power_from(plain) == found


@pytest.mark.parametrize("plain", [{}, {"battery": "31"}, {"battery": 101}, {"battery": True}, {"power": "sun"}])
def test_a_command_that_says_something_else_is_trouble(plain):
    assert power_from(plain).trouble


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        pytest.param(None, Power(mains=True), False, id="no battery, nothing to say"),
        pytest.param(None, LOW, True, id="the first time"),
        pytest.param(LOW, Power(battery=28, mains=False), False, id="a little less"),
        pytest.param(LOW, Power(battery=26, mains=False), True, id="five points less"),
        pytest.param(LOW, Power(battery=31, mains=True), True, id="plugged in"),
        pytest.param(Power(mains=True), LOW, True, id="a battery was put in"),
    ],
)
def test_when_the_server_hears_of_it(before, now, news):
    assert is_news(before, now) is news


def test_what_the_server_hears():
    assert said_of(LOW) == {"battery": "31", "power": "battery"}
    assert said_of(Power(battery=31)) == {"battery": "31"}
    assert said_of(Power(mains=True)) == {}


@given(
    st.integers(0, 100), st.booleans(), st.one_of(st.none(), st.integers(0, 100)), st.sampled_from([None, True, False])
)
def test_more_battery_or_a_plug_never_makes_it_wait(least, mains, battery, plugged):
    wanted = Conditions(min_battery=least, mains=mains)
    before = lacking(wanted, Power(battery=battery, mains=plugged), NOON)[1]
    better = lacking(wanted, Power(battery=None if battery is None else 100, mains=True), NOON)[1]
    assert better == ""
    assert before == "" or plugged is not True
