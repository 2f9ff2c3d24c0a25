"""From awareness to the last report, for what the law wants reported; the subject is a matter.

Writing and filing reports is for people. What happens by itself is that it is put on record when a report is due, and
that its clock ran out.
"""

from careful import obligations
from careful.kernel.clock import iso
from careful.kernel.reconcile import Step, StepStatus, Workflow
from careful.kernel.work import World


def aware(world: World, matter: str) -> StepStatus:
    """Tell since when the maker is on record as knowing."""
    one = obligations.matter(world, matter)
    first = min(one.of("aware"), key=lambda entry: entry.at, default=None)
    if first is None:
        return StepStatus("now", f"Say since when you know: careful obligation aware {matter}")
    return StepStatus("done", first.says, first.at)


def early_warning(world: World, matter: str) -> StepStatus:
    """Tell whether the early warning was submitted."""
    return _report(world, matter, 0)


def notification(world: World, matter: str) -> StepStatus:
    """Tell whether the notification was submitted."""
    return _report(world, matter, 1)


def final_report(world: World, matter: str) -> StepStatus:
    """Tell whether the final report was submitted."""
    return _report(world, matter, 2)


def _report(world: World, matter: str, number: int) -> StepStatus:
    clock = obligations.matter(world, matter).clocks[number]
    if clock.state in {"done", "not applicable"}:
        return StepStatus("done", clock.why, clock.done_at)
    due = f" Due {iso(clock.due)[:16]}Z." if clock.due else ""
    state: dict[str, StepStatus] = {
        "waiting": StepStatus("waiting", clock.why),
        "due": StepStatus("now", f"{clock.why}{due}"),
        "late": StepStatus("blocked", f"Late. {clock.why}{due}"),
    }
    return state[clock.state]


WORKFLOW = Workflow(
    name="reporting",
    title="From awareness to the last report",
    steps=(
        Step("aware", "Aware", None, aware),
        Step("early_warning", "Early warning", obligations.note_clocks, early_warning, 60),
        Step("notification", "Notification", None, notification),
        Step("final_report", "Final report", None, final_report),
    ),
)


def progress(world: World, matter: str) -> list[tuple[str, StepStatus]]:
    """Return title and status of every step for one matter. Raises NotFound."""
    return [(step.title, step.status(world, matter)) for step in WORKFLOW.steps]
