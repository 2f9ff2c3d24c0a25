"""From an alert to what follows from it: devices cut off, a rollout halted, a person told; the subject is an alert.

The gateway cuts off within the second. What is left to do when it was killed in between, what spreads with a release,
and mail about serious alerts are done here.
"""

from datetime import timedelta

from careful import monitoring, notices, people, updates
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.reconcile import Step, StepStatus, Workflow
from careful.kernel.work import World

LATELY = timedelta(hours=24)
DEVICES_LEAST = 2
"""Devices of one release with one cause by which its rollout halts: one alone may be its own misfortune."""
_NOT_THE_RELEASE = frozenset({"two_places", "refused_logins"})
"""What strangers do to a device says nothing about the software that it runs."""


def cut_off(world: World) -> int:
    """Cut off whom the gateway was about to when it ended."""
    return monitoring.cut_due(world)


def halt_rollouts(world: World) -> int:
    """Halt the rollout of a release whose devices share an alert."""
    running = {(one.product, one.version) for one in updates.rollouts(world) if one.state == "running"}
    if not running:
        return 0
    halted = 0
    for alert, release, count in monitoring.wide(world, LATELY, DEVICES_LEAST):
        if (alert.product, release) not in running or alert.rule in _NOT_THE_RELEASE:
            continue
        title = monitoring.rule(alert.rule).title.lower()
        reason = f"{title} on {count} devices that run {release} (alert {alert.id})"
        halted += len(updates.alarm(world, SYSTEM, alert.product, reason, release))
    return halted


def tell_staff(world: World) -> int:
    """Write to everybody who may judge, once, about each alert for which devices were cut off or are held."""
    untold = monitoring.untold(world)
    if not untold:
        return 0
    judges = [
        one
        for one in people.list_accounts(world)
        if one.state == "active" and people.allowed(one.roles, "watch", "judge")
    ]
    for alert in untold:
        title = f"{monitoring.rule(alert.rule).title} in {alert.product}"
        became = [f"{count} {word}" for count, word in ((alert.cut, "cut off"), (alert.held, "held for you")) if count]
        body = (
            f"{title}: {' and '.join(became)}, of {alert.devices} devices.\n\n{alert.says}\n\n"
            f"Was it expected? {world.settings.console_url}/detections/{alert.id}"
        )
        with world.change(SYSTEM) as work:
            for one in judges:
                payload = {"to": one.email, "subject": f"Careful: {title}", "body": body, "id": alert.id}
                work.post(notices.STAFF_MAIL, payload, key=f"alert/{alert.id}/{one.id}")
            work.record(monitoring.StaffTold(alert=alert.id, people=len(judges)))
    return len(untold)


def staff_told(world: World, alert: str) -> StepStatus:
    """Tell whether the staff was written to."""
    with world.look() as connection:
        told = ledger.read(connection, names=("monitoring.staff_told",), subject=f"alert/{alert}")
    if told:
        count = told[-1].data["people"]
        return StepStatus("done", f"{count} {'person was' if count == 1 else 'people were'} written to.", told[-1].at)
    return StepStatus("done", "No device was cut off, so nobody was written to.")


def raised(world: World, alert: str) -> StepStatus:
    """Tell when it was raised."""
    one = monitoring.alert(world, alert)
    return StepStatus("done", one.says, one.first_at)


def devices_cut(world: World, alert: str) -> StepStatus:
    """Tell whether devices were cut off, or are held for a person."""
    one = monitoring.alert(world, alert)
    if one.held and one.state == "open":
        return StepStatus(
            "now", f"{one.held} devices are held for a person: more than the share that goes without one."
        )
    if one.cut:
        return StepStatus("done", f"{one.cut} devices were cut off.")
    return StepStatus("done", "No device was cut off for it.")


def rollout_halted(world: World, alert: str) -> StepStatus:
    """Tell whether it halted a rollout."""
    halted = [one for one in updates.rollouts(world) if f"(alert {alert})" in (one.reason or "")]
    if halted:
        return StepStatus("done", f"The rollout of {halted[0].version} was halted for it.")
    return StepStatus("done", "It halted no rollout.")


def judged(world: World, alert: str) -> StepStatus:
    """Tell whether a person has said what it was."""
    one = monitoring.alert(world, alert)
    if one.state == "open":
        return StepStatus("now", "Was it expected? A person says so.")
    word = "It was expected" if one.state == "expected" else "It was trouble"
    return StepStatus("done", f"{word}: {one.why}", one.judged_at)


WORKFLOW = Workflow(
    name="watch_response",
    title="From an alert to a person's word",
    steps=(
        Step("raised", "Raised", None, raised),
        Step("cut_off", "Cut off", cut_off, devices_cut, 5),
        Step("halt_rollouts", "Rollout halted", halt_rollouts, rollout_halted, 5),
        Step("tell_staff", "Staff told", tell_staff, staff_told, 5),
        Step("judged", "Judged", None, judged),
    ),
)


def progress(world: World, alert: str) -> list[tuple[str, StepStatus]]:
    """Return title and status of every step for one alert. Raises NotFound."""
    return [(step.title, step.status(world, alert)) for step in WORKFLOW.steps]
