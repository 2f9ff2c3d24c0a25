"""Messages said again word for word."""

from careful.monitoring.detections.repeated_messages import Memory, detect


def test_they_add_up_for_ten_minutes(expected, a_window):
    memory = Memory()
    for start, again, fires in ((0.0, 0.0, False), (1.0, 1.0, False), (500.0, 1.0, True), (2000.0, 1.0, False)):
        found, memory = detect(a_window(start=start, counters={"repeated": again}), expected, memory)
        assert (found is not None) is fires


def test_packets_that_come_twice_where_they_hardly_ever_did(expected, a_window):
    def days(before, again):
        memory, fired = Memory(), []
        for number in range(200):
            counters = {"resent": 4.0} if before and number % 5 == 0 else {}
            _, memory = detect(a_window(start=300.0 * number, messages={"t": 4}, counters=counters), expected, memory)
        for number in range(200, 204):
            counters = {"resent": again}
            found, memory = detect(
                a_window(start=300.0 * number, messages={"t": 4}, counters=counters), expected, memory
            )
            fired.append(found is not None)
        return any(fired)

    assert days(before=False, again=4.0)
    assert not days(before=False, again=1.0)
    assert not days(before=True, again=4.0)  # a bad line
