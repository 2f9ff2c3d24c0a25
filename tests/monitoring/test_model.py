"""What can be asked of a window."""


def test_a_window_counts_what_was_said(a_window):
    one = a_window(messages={"up/telemetry": 2, "event/offline": 1}, seconds=5.0)
    assert one.said == 3
    assert one.end == one.start + 5


def test_what_left_the_device_is_the_largest_that_any_source_knows(a_window, a_flow):
    flows = (a_flow(bytes_out=700), a_flow(bytes_out=500))
    assert a_window(bytes={"up/telemetry": 900}, flows=flows).sent == 1200
    assert a_window(bytes={"up/telemetry": 900}).sent == 900
    assert a_window(bytes={"up/telemetry": 900}, counters={"bytes_out": 5000.0}).sent == 5000


def test_a_window_in_which_nothing_was_heard_is_empty(a_window, a_flow):
    assert a_window().is_empty
    assert not a_window(refusals={"foreign-topic": 1}).is_empty
    assert not a_window(flows=(a_flow(),)).is_empty
