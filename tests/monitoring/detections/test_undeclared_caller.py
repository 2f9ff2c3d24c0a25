"""Callers at ports that are not declared."""

import dataclasses

import pytest

from careful.monitoring.detections.undeclared_caller import Memory, detect

ANSWERED = {"host": None, "port": 80, "opened_by_device": False, "packets_out": 2, "state": "established"}


class Nothing:
    def permits(self, _):
        return False


CASES = {
    "answered": ({}, {}, True),
    "refused": ({"state": "refused"}, {}, False),
    "perhaps refused": ({"state": "unknown"}, {}, False),
    "with data": ({"state": "unknown", "bytes_out": 90}, {}, True),
    "not answered": ({"packets_out": 0}, {}, False),
    "declared": ({}, {"inbound": frozenset({("app.example", 80, "tcp")})}, False),
    "nothing is declared": ({}, {"inbound": None}, False),
    "a profile that lets nobody in": ({}, {"inbound": None, "profile": Nothing()}, True),
    "opened by the device": ({"opened_by_device": True}, {}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window, a_flow):
    what, more, fires = CASES[case]
    flow = a_flow(**(ANSWERED | what))
    found, _ = detect(a_window(flows=(flow,)), dataclasses.replace(expected, **more), Memory())
    assert (found is not None) is fires
