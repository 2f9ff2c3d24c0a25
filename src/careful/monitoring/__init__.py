"""Monitoring: what devices do, held against what was declared.

Every second the gateway hands over what each device did. The detections, one file each, compare it with the product's
declaration first and with the device's own past second. What fires becomes one alert for each cause; the hardest ones
cut the device off at once, within a stated share of the fleet, and a person says whether it was expected.
"""

from careful.monitoring.cohort import cohorts
from careful.monitoring.detections import Rule, rules
from careful.monitoring.expected import expected_of
from careful.monitoring.incidents import fold_silence
from careful.monitoring.model import ACTIONS, Action, Detection, Expected, Flow, Place, Rate, Window
from careful.monitoring.watcher import Watcher

__all__ = [
    "expected_of",
    "rules",
    "Watcher",
    "cohorts",
    "fold_silence",
    "Rule",
    "Flow",
    "Window",
    "Rate",
    "Place",
    "Expected",
    "Detection",
    "Action",
    "ACTIONS",
]
