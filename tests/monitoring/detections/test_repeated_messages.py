"""Messages said again word for word."""

from careful.monitoring.detections.repeated_messages import Memory, detect


def test_they_add_up_for_ten_minutes(expected, a_window):
    memory = Memory()
    for start, again, fires in ((0.0, 0.0, False), (1.0, 1.0, False), (500.0, 1.0, True), (2000.0, 1.0, False)):
        found, memory = detect(a_window(start=start, counters={"repeated": again}), expected, memory)
        assert (found is not None) is fires
