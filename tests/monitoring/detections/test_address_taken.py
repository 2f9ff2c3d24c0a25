"""Two machines with one address."""

from careful.monitoring.detections.address_taken import Memory, detect


def test_one_change_is_none_and_several_are(expected, a_window):
    memory = Memory()
    for start, more, fires in ((0.0, 0, False), (1.0, 1, False), (60.0, 2, True), (5000.0, 1, False)):
        found, memory = detect(a_window(start=start, counters={"address_conflicts": more}), expected, memory)
        assert (found is not None) is fires
