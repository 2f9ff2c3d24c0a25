"""Long answers to small questions."""

import pytest

from careful.monitoring.detections.amplification import Memory, detect

CASES = {
    "long answers": ({"bytes_in": 100, "bytes_out": 3_000}, True),
    "as long as asked": ({"bytes_in": 3_000, "bytes_out": 3_000}, False),
    "short": ({"bytes_in": 10, "bytes_out": 500}, False),
    "asked by the device": ({"bytes_in": 100, "bytes_out": 3_000, "opened_by_device": True}, False),
    "tcp": ({"bytes_in": 100, "bytes_out": 3_000, "transport": "tcp"}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window, a_flow):
    what, fires = CASES[case]
    flow = a_flow(**({"host": None, "port": 1900, "transport": "udp", "opened_by_device": False} | what))
    assert (detect(a_window(flows=(flow,)), expected, Memory())[0] is not None) is fires
