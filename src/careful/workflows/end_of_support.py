"""The end of a product's support: announced, last build out, owners told, papers kept, and who is left is counted.

The subject is a product. Announcing and rolling out the last build are for people; telling owners on the days that are
due, and keeping the last SBOM and VEX on the day after the end, happen by themselves.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from careful import devices, notices, products, releases, updates, vulnerabilities
from careful.kernel.actors import Actor
from careful.kernel.errors import Refused
from careful.kernel.reconcile import Step, StepStatus, Workflow
from careful.kernel.work import World

ONLINE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSupport:
    """A product whose support has ended: its devices, how many still come online, and how many run the last release."""

    product: str
    until: date
    devices: int
    online: int
    on_last: int
    announced: bool


def announce(world: World, actor: Actor, product: str, version: str, keeps_working: str, stops_working: str) -> None:
    """Announce a product's end of support with its last release. Raises NotFound, Invalid, Refused (not published)."""
    release = releases.get(world, product, version)
    if release.state != "signed" or not updates.is_published(world, release):
        raise Refused(
            f"{product} {version} is not published; the last release must be one that devices can get.",
            do=f"Run: careful release publish {product} {version}",
        )
    products.announce_end(
        world,
        actor,
        product,
        release=release.id,
        version=version,
        keeps_working=keeps_working,
        stops_working=stops_working,
    )


def past_support(world: World) -> list[PastSupport]:
    """Return the products whose support has ended, with how many of their devices are left."""
    today, now = world.clock.now().date(), world.clock.now()
    found = []
    for product in products.list_all(world):
        until = support_end(product)
        if until is None or until >= today:
            continue
        end = products.ending(world, product.id)
        left = devices.count_by_version(world, product.id)
        found.append(
            PastSupport(
                product=product.id,
                until=until,
                devices=sum(left.values()),
                online=devices.count_seen(world, product.id, now - ONLINE),
                on_last=left.get(end.last_version, 0) if end is not None else 0,
                announced=end is not None,
            )
        )
    return found


def support_end(product: products.Product) -> date | None:
    """Return the last day of a product's support: the published one, else the declared one."""
    support = product.declaration.support
    return product.published_until or (support.until if support else None)


def announced(world: World, subject: str) -> StepStatus:
    """Tell whether the end was announced, or when it is due."""
    end, until = products.ending(world, subject), support_end(products.get(world, subject))
    if end is not None:
        return StepStatus("done", f"Announced: support ends on {end.until.isoformat()}.", end.announced_at)
    do = f"Announce it: careful product end {subject} --last VERSION --keeps TEXT --stops TEXT"
    if until is None:
        return StepStatus("waiting", "No end of support is promised.")
    left = (until - world.clock.now().date()).days
    if left > _YEAR:
        return StepStatus("waiting", f"Support ends on {until.isoformat()}.")
    return StepStatus("now" if left >= 0 else "blocked", f"Support ends on {until.isoformat()}. {do}")


_YEAR = 365


def last_build(world: World, subject: str) -> StepStatus:
    """Tell how many devices run the last release."""
    end = products.ending(world, subject)
    if end is None:
        return StepStatus("waiting", "The last release is named with the announcement.")
    counted = devices.count_by_version(world, subject)
    total, on_it = sum(counted.values()), counted.get(end.last_version, 0)
    says = f"{on_it} of {total} devices run {end.last_version}, the last one."
    do = f" See who does not: careful rollout stragglers {subject}"
    return StepStatus("done", says) if on_it == total else StepStatus("now", says + do)


def tell(world: World) -> int:
    """Tell owners of what is due: the announcement, thirty days before the end, the end."""
    today, done = world.clock.now().date(), 0
    for end in products.endings(world):
        due = stage_due(end.until, today)
        if end.told < due:
            done += 1 + notices.tell_of_end(world, end.product, due)
    return done


def stage_due(until: date, today: date) -> int:
    """Return of which stage owners must have been told: 1 announced, 2 soon, 3 ended."""
    return 3 if today > until else 2 if until - today <= products.SOON else 1


def told(world: World, subject: str) -> StepStatus:
    """Tell how far owners were told."""
    end = products.ending(world, subject)
    if end is None:
        return StepStatus("waiting", "Owners are told with the announcement, thirty days before the end, and after it.")
    if end.told < stage_due(end.until, world.clock.now().date()):
        return StepStatus("now", "Owners are about to be told.")
    return StepStatus("done", f"Owners were told: {', '.join(products.STAGES[: end.told])}.", end.told_at)


def keeps_working(world: World, subject: str) -> StepStatus:
    """Tell what goes on working, as owners were told."""
    end = products.ending(world, subject)
    if end is None:
        return StepStatus("waiting", "It is said with the announcement.")
    return StepStatus("done", f"Goes on: {end.keeps_working} Stops: {end.stops_working}", end.announced_at)


def keep(world: World) -> int:
    """Keep the last SBOM and VEX of products whose support has ended."""
    today, done = world.clock.now().date(), 0
    for end in products.endings(world):
        if today > end.until and end.kept_at is None:
            sbom = releases.by_id(world, end.release).sbom_sha256
            done += products.keep_papers(
                world, end.product, sbom, vulnerabilities.export(world, end.product, "openvex").text
            )
    return done


def papers(world: World, subject: str) -> StepStatus:
    """Tell whether the last SBOM and VEX were kept."""
    end = products.ending(world, subject)
    if end is None or end.kept_at is None:
        return StepStatus("waiting", "The last SBOM and VEX are kept on the day after the end.")
    return StepStatus("done", f"SBOM {(end.sbom_sha256 or '')[:16]}…, VEX {(end.vex_sha256 or '')[:16]}….", end.kept_at)


def counted(world: World, subject: str) -> StepStatus:
    """Tell how many devices are past their support, and still online."""
    mine = next((one for one in past_support(world) if one.product == subject), None)
    if mine is None:
        return StepStatus("waiting", "Support has not ended.")
    says = f"{mine.devices} devices are past support, {mine.online} of them were online in the last 30 days."
    return StepStatus("done" if mine.online == 0 else "now", says)


WORKFLOW = Workflow(
    name="end_of_support",
    title="The end of support",
    steps=(
        Step("announced", "Announced", None, announced),
        Step("last_build", "Last build", None, last_build),
        Step("told", "Owners told", tell, told, idle_seconds=3600),
        Step("keeps_working", "What keeps working", None, keeps_working),
        Step("papers", "Last SBOM and VEX", keep, papers, idle_seconds=3600),
        Step("counted", "Devices past support", None, counted),
    ),
)


def progress(world: World, subject: str) -> list[tuple[str, StepStatus]]:
    """Return title and status of every step for one product. Raises NotFound."""
    products.get(world, subject)
    return [(step.title, step.status(world, subject)) for step in WORKFLOW.steps]
