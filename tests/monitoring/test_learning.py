"""The baseline of quiet days."""

from careful.monitoring.learning import learn
from careful.monitoring.learnt import Beat, Span


def test_what_is_learnt(a_window, a_flow):
    windows = [
        a_window(start=1e6 + 60 * number, messages={"t": 2}, bytes={"t": 50}, connects=int(number == 0),
                 counters={"reading:c/t": float(number % 5), "mqtt_sessions": 2.0, "established_tcp": 3.0},
                 flows=(a_flow(at=1e6 + 60 * number + 0.5),))
        for number in range(20)
    ]  # fmt: skip
    found = learn(windows)
    assert found.devices == {"cam-9-1"}
    assert found.places == {"cloud.example:8883/tcp", "203.0.113.7:8883/tcp"}
    assert found.beats == {"cam-9-1 t": Beat(60.0, 2)}
    assert found.readings == {"cam-9-1 reading:c/t": Span(0.0, 4.0)}
    assert (found.sessions, found.most["connections"], found.most["messages"], found.most["bytes"]) == (
        2,
        3.0,
        2.0,
        50.0,
    )
    assert (found.most["conversations"], found.most["connects"]) == (1.0, 1.0)


def test_a_minute_is_the_most_of_any_and_of_a_long_window_its_part(a_window):
    assert learn([a_window(start=1e6 + n, messages={"t": 5}) for n in range(120)]).most["messages"] == 300.0
    assert learn([a_window(seconds=600.0, messages={"t": 600})]).most["messages"] == 60.0


def test_what_is_not_regular_has_no_beat(a_window):
    assert learn([a_window(start=1e6 + 37 * n * n, messages={"t": 1}) for n in range(30)]).beats == {}
    bursts = [a_window(start=1e6 + 60 * n, messages={"t": 1 + n % 3}) for n in range(30)]
    assert learn(bursts).beats == {"cam-9-1 t": Beat(60.0, 0)}
    assert learn([]).device_days == 0.0


def test_what_only_grows_is_no_reading(a_window):
    windows = [
        a_window(start=1e6 + n, counters={"reading:c/n": float(n), "reading:c/t": float(n % 5)}) for n in range(20)
    ]
    assert set(learn(windows).readings) == {"cam-9-1 reading:c/t"}
