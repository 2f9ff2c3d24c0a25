"""Monitoring: what devices do, held against what was declared.

Every second the gateway hands over what each device did. The detections, one file each, compare it with the product's
declaration first and with the device's own past second. What fires becomes one alert for each cause; the hardest ones
cut the device off at once, within a stated share of the fleet, and a person says whether it was expected.
"""

from careful.monitoring.actions import cut_due, cut_held, end_expectation, judge, raise_alerts
from careful.monitoring.alerts import (
    NO_DEVICE,
    SCOPES,
    Alert,
    AlertDevice,
    AlertState,
    Expectation,
    Fate,
    Scope,
    Seen,
    Verdict,
)
from careful.monitoring.cohort import cohorts
from careful.monitoring.defender import NoReport, Report
from careful.monitoring.defender import accepted as report_accepted
from careful.monitoring.defender import rejected as report_rejected
from careful.monitoring.defender import since as counted_since
from careful.monitoring.defender import understand as understand_report
from careful.monitoring.detections import Rule, rule, rules
from careful.monitoring.drills import (
    CUT_SECONDS,
    DRILLS,
    SEEN_SECONDS,
    Drill,
    Outcome,
    begin_drill,
    end_drill,
    judge_drill,
)
from careful.monitoring.events import StaffTold
from careful.monitoring.expected import expected_of
from careful.monitoring.history import History
from careful.monitoring.incidents import Incidents, Late
from careful.monitoring.memories import keep, kept, note_watched
from careful.monitoring.model import ACTIONS, Action, Detection, Expected, Flow, Place, Rate, Window
from careful.monitoring.nonces import TOPIC as NONCE_TOPIC
from careful.monitoring.nonces import Shown, forget_chain, hand_out, present, reset_chain
from careful.monitoring.observing import Figures, Observation, comparisons, keep_comparison
from careful.monitoring.queries import (
    SORTS,
    alert,
    alerts,
    counts,
    devices_of,
    drills,
    expectations,
    releases_of,
    untold,
    watched_at,
    wide,
)
from careful.monitoring.watcher import Watcher

__all__ = [
    # what devices do, and what that is held against
    "Window", "Flow", "Expected", "Rate", "Place", "expected_of",
    # detections
    "Detection", "Action", "ACTIONS", "Rule", "rule", "rules", "Watcher", "cohorts", "Incidents", "Late", "History",
    "keep", "kept", "note_watched",
    # alerts
    "Seen", "StaffTold", "Alert", "AlertDevice", "AlertState", "Fate", "NO_DEVICE",
    "raise_alerts", "cut_due", "cut_held",
    "Verdict", "Scope", "SCOPES", "Expectation", "judge", "end_expectation",
    "alerts", "alert", "devices_of", "releases_of", "expectations", "counts", "wide", "untold", "watched_at", "SORTS",
    # reports of agents
    "Report", "NoReport", "understand_report", "counted_since", "report_accepted", "report_rejected",
    # declared and seen
    "Figures", "Observation", "keep_comparison", "comparisons",
    # clones
    "NONCE_TOPIC", "Shown", "present", "hand_out", "reset_chain", "forget_chain",
    # drills
    "DRILLS", "Drill", "Outcome", "drills", "begin_drill", "end_drill", "judge_drill",
    "SEEN_SECONDS", "CUT_SECONDS",
]  # fmt: skip
