"""What crosses domains, one file each, read top to bottom.

A workflow is a list of named steps. The worker runs their `advance`, the console draws their `status` as a progress
line, the walk-through tests follow the same list: so none of them can be stale.
"""

from careful.kernel.reconcile import Workflow
from careful.workflows import (
    break_glass_watch,
    end_of_support,
    ownership,
    release_launch,
    reporting,
    sign_in_watch,
    vulnerability_response,
    watch_response,
)

ALL: tuple[Workflow, ...] = (
    vulnerability_response.WORKFLOW,
    release_launch.WORKFLOW,
    reporting.WORKFLOW,
    end_of_support.WORKFLOW,
    watch_response.WORKFLOW,
    ownership.WORKFLOW,
)

__all__ = [
    "ALL",
    "break_glass_watch",
    "end_of_support",
    "ownership",
    "release_launch",
    "reporting",
    "sign_in_watch",
    "vulnerability_response",
    "watch_response",
]
