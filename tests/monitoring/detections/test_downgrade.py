"""Being brought back to older software."""

from careful.monitoring.detections.downgrade import Memory, detect


def test_one_try_is_found(expected, a_window):
    assert detect(a_window(counters={"downgrades": 1.0}), expected, Memory())[0].action == "alert"
    assert detect(a_window(counters={"bytes_out": 5.0}), expected, Memory())[0] is None
