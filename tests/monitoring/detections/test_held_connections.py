"""Connections that are held open."""

import dataclasses

import pytest

from careful.monitoring.detections.held_connections import Memory, detect
from careful.monitoring.learnt import Learnt

QUIET = Learnt(sessions=2, most={"connections": 3.0})


@pytest.mark.parametrize(
    ("counters", "learnt", "action"),
    [
        ({"mqtt_sessions": 20}, None, None),
        ({"mqtt_sessions": 21}, None, "quarantine"),
        ({"mqtt_sessions": 8}, QUIET, None),
        ({"mqtt_sessions": 9}, QUIET, "quarantine"),
        ({"established_tcp": 201}, None, "alert"),
        ({"established_tcp": 33}, QUIET, "alert"),
        ({}, QUIET, None),
    ],
    ids=["few", "many", "few of few", "more than quiet", "tcp", "tcp more than quiet", "none"],
)
def test_cases(counters, learnt, action, expected, a_window):
    found, _ = detect(a_window(counters=counters), dataclasses.replace(expected, learnt=learnt), Memory())
    assert (found and found.action) == action
