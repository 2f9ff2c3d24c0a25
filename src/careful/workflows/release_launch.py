"""A build becomes a release on devices: declared, built, signed, published, rolling, installed.

The subject is `product/version`. Signing and starting a rollout are for people; the planner does the rest.
"""

from careful import devices, products, releases, updates
from careful.kernel.reconcile import Step, StepStatus, Workflow
from careful.kernel.work import World


def _release(world: World, subject: str) -> releases.Release:
    product, _, version = subject.partition("/")
    return releases.get(world, product, version)


def declared(world: World, subject: str) -> StepStatus:
    """Tell whether the product was approved."""
    product = products.get(world, subject.partition("/")[0])
    if product.approved_at is None:
        return StepStatus("now", f"Approve it: careful product approve {product.id}")
    return StepStatus("done", "The declaration is approved.", product.approved_at)


def built(world: World, subject: str) -> StepStatus:
    """Tell when image and SBOM arrived."""
    return StepStatus("done", "Image and SBOM are here.", _release(world, subject).added_at)


def signed(world: World, subject: str) -> StepStatus:
    """Tell whether the release is genuine in TUF's sense."""
    one = _release(world, subject)
    if one.signed_at is None:
        return StepStatus("now", f"Sign it: careful release sign {one.product} {one.version}")
    return StepStatus("done", "Its image is signed.", one.signed_at)


def published(world: World, subject: str) -> StepStatus:
    """Tell whether devices can see it in the repository."""
    one = _release(world, subject)
    if one.state == "withdrawn":
        return StepStatus("blocked", "It was withdrawn; devices are not offered it any more.")
    if one.signed_at is None:
        return StepStatus("waiting", f"Publish it: careful release publish {one.product} {one.version}")
    if not updates.is_published(world, one):
        return StepStatus("now", f"Publish it: careful release publish {one.product} {one.version}")
    return StepStatus("done", "Devices can see it in the repository.")


def rolled_out(world: World, subject: str) -> StepStatus:
    """Tell how many devices run it."""
    one = _release(world, subject)
    number = devices.count_by_version(world, one.product).get(one.version, 0)
    started = [each for each in updates.rollouts(world) if (each.product, each.version) == (one.product, one.version)]
    if not started:
        return StepStatus("waiting", f"Start it: careful rollout start {one.product} {one.version}")
    state = started[-1].state
    says = "1 device runs it" if number == 1 else f"{number} devices run it"
    if state == "finished":
        return StepStatus("done", f"{says}.")
    return StepStatus("blocked" if state == "halted" else "now", f"{says}; rollout {state}.")


WORKFLOW = Workflow(
    name="release_launch",
    title="From a build to the devices",
    steps=(
        Step("declared", "Declared", None, declared),
        Step("built", "Built", None, built),
        Step("signed", "Signed", None, signed),
        Step("published", "Published", None, published),
        Step("rolled_out", "Rolled out", None, rolled_out),
    ),
)


def progress(world: World, subject: str) -> list[tuple[str, StepStatus]]:
    """Return title and status of every step for one release, `product/version`."""
    return [(step.title, step.status(world, subject)) for step in WORKFLOW.steps]
