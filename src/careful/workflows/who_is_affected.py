"""Of one flaw in one product: which devices run it, whose owners can be told, what mends it, and how far that is.

Vulnerabilities know the case, devices the fleet, notices who was told, updates the rollout; here they meet. Owners are
counted and never named: their addresses leave the registry with a notice alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from careful import devices, notices, releases, updates, vulnerabilities
from careful.kernel.work import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """The release that is free of the flaw: whether devices can take it, and how far its newest rollout has come."""

    version: str
    release: str
    published: bool
    rollout: str | None
    state: str | None
    confirmed: int
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Whom one case concerns. `now` are the devices that run it, by release; `ever` counts all since it was found.

    Of all these, `reachable` devices have an owner who can be told: `owners` people. `told` devices' owners were.
    """

    case: str
    now: Mapping[str, tuple[str, ...]]
    running: int
    ever: int
    owners: int
    reachable: int
    nobody: int
    notice: str | None
    public: bool
    told: int
    mend: Mend | None
    says: tuple[str, ...] = ()


def affected(world: World, case: str) -> Affected:
    """Return whom a case concerns. Raises NotFound."""
    one = vulnerabilities.case(world, case)
    now = {
        version: tuple(sorted(found))
        for version in one.releases
        if (found := devices.on_versions(world, one.product, [version]))
    }
    running = sum(map(len, now.values()))
    every = {*vulnerabilities.ever_exposed(world, case), *(name for listed in now.values() for name in listed)}
    contacts = devices.owner_contacts(world, sorted(every))
    reachable = len({each.device for each in contacts})
    owners = len({each.email for each in contacts})
    advisory = notices.for_case(world, case)
    told = notices.told_count(world, advisory.id) if advisory else 0
    public = advisory is not None and advisory.published_at is not None
    mend = _mend(world, one)
    return Affected(
        case=case,
        now=now,
        running=running,
        ever=len(every),
        owners=owners,
        reachable=reachable,
        nobody=len(every) - reachable,
        notice=advisory.id if advisory else None,
        public=public,
        told=told,
        mend=mend,
        says=(
            _where(now, running, len(every)),
            _whom(owners, reachable, len(every), harmless=_harmless(one) and advisory is None),
            _notice(one, advisory, told),
            *_fix(mend),
        ),
    )


def _harmless(case: vulnerabilities.Case) -> bool:
    """Tell whether a decision that holds says so."""
    return case.status == "not_affected" and not case.review


def _mend(world: World, case: vulnerabilities.Case) -> Mend | None:
    if not case.fixed_in:
        return None
    release = releases.get(world, case.product, case.fixed_in)
    rollouts = [one for one in updates.rollouts(world, case.product) if one.version == case.fixed_in]
    newest = rollouts[-1] if rollouts else None
    return Mend(
        version=release.version,
        release=release.id,
        published=release.state == "signed" and updates.is_published(world, release),
        rollout=newest.id if newest else None,
        state=newest.state if newest else None,
        confirmed=newest.count("confirmed") if newest else 0,
        devices=newest.size if newest else 0,
    )


def _where(now: Mapping[str, tuple[str, ...]], running: int, ever: int) -> str:
    if not ever:
        return "No device runs it, and none did since it was found."
    before = f" In all, {_some(ever, 'device')} did since it was found." if ever > running else ""
    if not running:
        return f"No device runs it now.{before}"
    parts = ", ".join(f"{len(found):,} on {version}" for version, found in now.items())
    return f"{_some(running, 'device')} run{'s' if running == 1 else ''} it now: {parts}.{before}"


def _whom(owners: int, reachable: int, ever: int, *, harmless: bool) -> str:
    if not ever:
        return "So there is no owner to tell."
    if not reachable:
        return "None of them has an owner on record: nobody can be told by a notice."
    left = ever - reachable
    of = f"of {_some(reachable, 'device')}"
    nobody = f"; {_some(left, 'device')} {'has' if left == 1 else 'have'} no owner on record" if left else ""
    alone = "" if harmless else " The notice goes to them alone."
    return f"{_some(owners, 'owner')} {of} can be told{nobody}.{alone}"


def _notice(case: vulnerabilities.Case, advisory: notices.Advisory | None, told: int) -> str:
    if advisory is None:
        if _harmless(case):
            return "It was judged harmless, so nobody needs to be told."
        return "No notice is drafted yet."
    if advisory.published_at is None:
        return f"{advisory.id} is a draft; nobody was told yet."
    return f"{advisory.id} is public; the owners of {_some(told, 'device')} were told."


def _fix(mend: Mend | None) -> tuple[str, ...]:
    if mend is None:
        return ("No signed release is free of it yet.",)
    there = "and devices can take it" if mend.published else "but it is not published, so no device can take it"
    free = f"{mend.version} is free of it, {there}."
    if mend.rollout is None:
        return (free, "No rollout of it was started.")
    share = f" ({mend.confirmed / mend.devices:.0%})" if mend.devices else ""
    return (
        free,
        f"Its rollout is {mend.state}: {mend.confirmed:,} of {_some(mend.devices, 'device')} confirmed it{share}.",
    )


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
