"""The second front door: recorded traffic. Loaded only by those who read some, and never by the gateway."""

from careful.monitoring.captures import Account, Damaged, Devices, Limits, NotRead, Recording
from careful.monitoring.captures.recording import zeek_parts
from careful.monitoring.conformance import Compared, Comparison, Edge, Seen, draft
from careful.monitoring.labels import Attack, Labels
from careful.monitoring.labels import read as read_labels
from careful.monitoring.learning import Learner, learn
from careful.monitoring.learnt import Learnt
from careful.monitoring.profile import Entry, Profile, profile_of, read_mud
from careful.monitoring.replay import Finding, Findings, Score, device_days, replay, score

__all__ = [
    # reading
    "Recording", "Account", "Devices", "Limits", "Damaged", "NotRead", "zeek_parts",
    # what is expected
    "Profile", "Entry", "read_mud", "profile_of", "Learner", "Learnt", "learn",
    # what would have fired
    "replay", "Finding", "Findings", "Labels", "Attack", "read_labels", "score", "Score", "device_days",
    # declared and seen
    "Comparison", "Compared", "Seen", "Edge", "draft",
]  # fmt: skip
