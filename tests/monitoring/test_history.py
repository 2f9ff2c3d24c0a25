"""The last half hour of a device."""

from careful.monitoring.history import MINUTES, History


def test_each_rule_has_its_figure(a_window):
    history = History()
    for second in range(120):
        seen = a_window(start=6000.0 + second, messages={"up/t": 2}, bytes={"up/t": 50}, refusals={"x": second % 2})
        history.see(seen)
    assert history.past("cam-9-1", "rate_over_limit") == (120.0, 120.0)
    assert history.past("cam-9-1", "large_transfer") == (3000.0, 3000.0)
    assert history.past("cam-9-1", "flood") == (3.0, 3.0)
    assert history.past("cam-9-1", "topic_probing") == (30.0, 30.0)
    assert history.past("cam-9-1", "two_places") == ()
    assert history.past("nobody", "flood") == ()


def test_quiet_minutes_are_noughts_and_half_an_hour_is_kept(a_window):
    history = History()
    for minute in (0, 3, 100):
        history.see(a_window(start=60.0 * minute, messages={"up/t": 1}))
        if minute == 3:
            assert history.past("cam-9-1", "drift") == (1.0, 0.0, 0.0, 1.0)
    assert history.past("cam-9-1", "drift") == (1.0,)
    for minute in range(200, 300):
        history.see(a_window(start=60.0 * minute, messages={"up/t": minute}))
    assert history.past("cam-9-1", "drift") == tuple(range(300 - MINUTES, 300))


def test_the_oldest_device_is_forgotten(a_window):
    history = History(devices_most=2)
    for name in "abc":
        history.see(a_window(device=name, messages={"up/t": 1}))
    assert history.past("a", "drift") == ()
    assert history.past("c", "drift") == (1.0,)
