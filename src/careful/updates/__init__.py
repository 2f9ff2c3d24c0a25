"""Updates: how a fix reaches devices, genuinely, in waves, and with proof.

A release becomes genuine by signatures in the product's TUF repository (`sign_release`, `publish`; keys may be kept
offline). A rollout then carries it to the devices: a pure planner (`plan.py`) says what is next, `advance` does it,
and devices poll, fetch and report over hawkBit DDI (`reports.py`). A wave opens only when the one before has proved
healthy; failures and silence halt the rollout by themselves; nothing is over while a device is unaccounted for.
`drill` lets a real device show that it refuses what it must.
"""

from careful.updates.actions import account, halt, resume
from careful.updates.adoption import currency, fates_of, uptake, uptake_of_flaw
from careful.updates.board import Board
from careful.updates.bucket import BucketFiller
from careful.updates.confirmation import (
    activate_auto_confirm,
    answer_consent,
    answer_for_owner,
    auto_confirm,
    deactivate_auto_confirm,
    waiting_order,
)
from careful.updates.conversation import is_forced
from careful.updates.delta_jobs import DeltaMaker, can_make, delta_for, deltas, try_again
from careful.updates.delta_plan import Delta
from careful.updates.delta_publishing import publish_deltas
from careful.updates.director import assignment
from careful.updates.drills import drill
from careful.updates.executor import advance
from careful.updates.fates import FATES, DeviceFate, Fate
from careful.updates.lost_key import Rehearsal, rehearse
from careful.updates.manifests import SignedVersion, signed_version
from careful.updates.meeting import Meeting
from careful.updates.model import (
    DIRECTED_KINDS,
    DRILL_KINDS,
    MEMBER_STATES,
    OPEN_ORDER,
    URGENCIES,
    AutoConfirm,
    Candidate,
    DrillKind,
    Gone,
    Limits,
    Member,
    NotAllowed,
    Order,
    Point,
    Policy,
    Poll,
    Published,
    Report,
    Rollout,
    RolloutDetail,
    Rule,
    Status,
    Uptake,
    Urgency,
    Wave,
)
from careful.updates.offline import (
    Answered,
    delegate,
    export_keys,
    import_keys,
    key_request,
    renew_kept,
    renewal_request,
    replace_key,
    signing_request,
    take_answer,
)
from careful.updates.postponing import Postponable, postponable, postpone
from careful.updates.proposing import confirm_rollout, roll_back, withdraw_rollout
from careful.updates.publishing import (
    Signed,
    is_published,
    publish,
    repository_dir,
    sign_release,
    target_path,
    trusted_root,
)
from careful.updates.queries import (
    attributes,
    order,
    order_for,
    orders,
    rollout,
    rollouts,
    rollouts_of,
    statuses,
)
from careful.updates.renewal import Expiring, OnlineRole, Renewer, expiring, online_roles, renew
from careful.updates.reports import MOST_STATUSES, answer_cancel, describe, feedback, retrieved
from careful.updates.standing import published
from careful.updates.starting import WAVES, PlannedWave, Preview, preview_rollout, start_rollout
from careful.updates.stragglers import Cause, Currency
from careful.updates.versions import key as version_key
from careful.updates.watching import alarm
from careful.updates.windows import is_open as in_window

__all__ = [
    # genuine releases
    "sign_release", "publish", "is_published", "published", "renew", "trusted_root", "repository_dir", "target_path",
    "Signed", "Published", "version_key",
    "expiring", "Expiring", "online_roles", "OnlineRole", "Renewer",
    # deltas
    "Delta", "DeltaMaker", "can_make", "deltas", "delta_for", "publish_deltas", "try_again", "BucketFiller",
    # keys elsewhere
    "export_keys", "import_keys", "signing_request", "take_answer", "Answered", "replace_key", "key_request",
    "renew_kept", "renewal_request", "delegate",
    # rollouts
    "preview_rollout", "Preview", "PlannedWave", "Meeting", "confirm_rollout", "roll_back", "withdraw_rollout", "alarm",
    "postpone", "postponable", "Postponable", "Policy", "Rule", "Urgency", "URGENCIES", "Candidate",
    "start_rollout", "halt", "resume", "account", "advance", "rollouts", "rollout", "rollouts_of",
    "uptake", "uptake_of_flaw", "currency", "Currency", "Cause", "fates_of", "DeviceFate", "Fate", "FATES", "WAVES",
    "Rollout", "RolloutDetail", "Wave", "Member", "Limits", "Uptake", "Point", "MEMBER_STATES",
    # orders to devices
    "Board", "Poll", "Order", "Report", "Status", "order", "order_for", "orders", "statuses", "attributes",
    "assignment", "signed_version", "SignedVersion",
    "retrieved", "feedback", "answer_cancel", "describe", "Gone", "NotAllowed", "OPEN_ORDER", "MOST_STATUSES",
    "is_forced", "in_window", "waiting_order", "answer_consent", "answer_for_owner",
    "auto_confirm", "activate_auto_confirm", "deactivate_auto_confirm", "AutoConfirm",
    # rehearsals
    "drill", "DrillKind", "DRILL_KINDS", "DIRECTED_KINDS", "rehearse", "Rehearsal",
]  # fmt: skip
