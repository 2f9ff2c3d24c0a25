"""Known flaws: what feeds say, which releases have them, what a person decided, and which devices are exposed.

Feeds are compiled into one SQLite file; every release is matched against it once per change. A finding carries the rule
and the evidence. One flaw in one product is a case: it is judged by a person, keeps its decision for later releases,
asks again when a component's version moves, and closes only when every exposed device is fixed or accounted for.
"""

from careful.vulnerabilities.actions import (
    account_for,
    build_feed_file,
    close,
    import_feed,
    import_folder,
    note_kernel_files,
    tell_exploited,
)
from careful.vulnerabilities.applying import Line
from careful.vulnerabilities.comparing import Change, compare
from careful.vulnerabilities.compiled import read_list as read_compiled
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.decisions import confirm, fingerprint, import_vex, judge, judge_many, preview
from careful.vulnerabilities.exporting import FORMS as EXPORT_FORMS
from careful.vulnerabilities.exporting import Exported, export
from careful.vulnerabilities.exporting import Form as ExportForm
from careful.vulnerabilities.feeds.kinds import Kind as FeedKind
from careful.vulnerabilities.feeds.kinds import licence_of
from careful.vulnerabilities.feeds.proof import UNDATED
from careful.vulnerabilities.judging import Decision, Filter, Outcome, missing, named, waits
from careful.vulnerabilities.lookup import (
    Looked,
    look_up,
    look_up_in,
    with_statements,
    without_uncompiled,
    without_unconfigured,
    without_unlisted,
)
from careful.vulnerabilities.matching import Matched
from careful.vulnerabilities.model import (
    JUSTIFICATIONS,
    SEVERITIES,
    STATUSES,
    Case,
    Exposure,
    FeedAge,
    FeedReport,
    Finding,
    Proposal,
    Status,
)
from careful.vulnerabilities.queries import (
    accounted,
    case,
    cases,
    ever_exposed,
    exposed,
    exposure_counts,
    feed_ages,
    feeds_fresh,
    findings,
    flaws_in,
    generation,
    held,
    looked_up,
    matched,
    settled,
    unaccounted,
    vex,
)
from careful.vulnerabilities.queries import unmatched_in as unmatched
from careful.vulnerabilities.refreshing import sync_again
from careful.vulnerabilities.statements import MOST_BYTES as MOST_VEX_BYTES
from careful.vulnerabilities.statements import read_statements
from careful.vulnerabilities.steps import match, note_exposure
from careful.vulnerabilities.sync import KINDS as FETCHED
from careful.vulnerabilities.sync import Synced, sync
from careful.vulnerabilities.urgency import Said
from careful.vulnerabilities.urgent import urgency, urgency_in_brief
from careful.vulnerabilities.vex import cyclonedx as vex_cyclonedx
from careful.vulnerabilities.vex import openvex as vex_openvex
from careful.vulnerabilities.vex import table as vex_table

__all__ = [
    "JUSTIFICATIONS",
    "SEVERITIES",
    "STATUSES",
    "Case",
    "Decision",
    "EXPORT_FORMS",
    "ExportForm",
    "Exported",
    "MOST_VEX_BYTES",
    "export",
    "Filter",
    "Outcome",
    "Proposal",
    "Said",
    "Exposure",
    "FeedAge",
    "FeedKind",
    "FeedReport",
    "Finding",
    "Match",
    "Matched",
    "Status",
    "Synced",
    "account_for",
    "accounted",
    "case",
    "cases",
    "close",
    "ever_exposed",
    "exposed",
    "exposure_counts",
    "feed_ages",
    "feeds_fresh",
    "findings",
    "flaws_in",
    "generation",
    "import_feed",
    "confirm",
    "fingerprint",
    "judge",
    "judge_many",
    "licence_of",
    "missing",
    "named",
    "preview",
    "waits",
    "look_up",
    "look_up_in",
    "Looked",
    "with_statements",
    "without_uncompiled",
    "without_unconfigured",
    "without_unlisted",
    "read_compiled",
    "read_statements",
    "import_vex",
    "Line",
    "build_feed_file",
    "FETCHED",
    "UNDATED",
    "held",
    "compare",
    "Change",
    "vex",
    "vex_openvex",
    "vex_cyclonedx",
    "vex_table",
    "import_folder",
    "match",
    "looked_up",
    "matched",
    "note_exposure",
    "note_kernel_files",
    "tell_exploited",
    "settled",
    "sync",
    "sync_again",
    "unaccounted",
    "unmatched",
    "urgency",
    "urgency_in_brief",
]
