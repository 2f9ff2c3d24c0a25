"""Today: what a person responsible for devices needs to know first, in the order of what is owed, not of alarm.

Clocks that run, what happened, what to do next, who is exposed, the fleet, and the promises made. Nothing here is
green because nobody looked: what a stale feed cannot tell reads "not known".
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from careful import devices, monitoring, notices, obligations, products, releases, updates, vulnerabilities
from careful.entrypoints.console.pages import approvals, reminders
from careful.entrypoints.console.pages.common import TOLD_FIRST, Line, ledger_size, told
from careful.entrypoints.console.pages.data.pressing import overdue, pressing
from careful.entrypoints.console.sessions import signed
from careful.entrypoints.look import LookRenderer, templates, words
from careful.entrypoints.look.charts import Part
from careful.entrypoints.look.renderer import query
from careful.kernel import ledger
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import end_of_support

_DAY = timedelta(days=1)
_ROWS = 7
_CLOCKS = 6
_REPORTS = 3
_FUNNELS = 50  # the most pressing: a kernel alone brings thousands of cases
_ENTRIES = 20_000
_ENDS_SOON = timedelta(days=90)
_PAUSE_SECONDS = 1.0
_LIVE_ROUNDS = 600  # ten minutes; the browser comes back by itself


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do: what, why, by when, where, and the same from a shell."""

    what: str
    why: str
    href: str
    label: str
    command: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far one case has come: devices ever and still exposed, unaccounted for, owners told (None: no notice)."""

    case: obligations.Pressing
    ever: int
    still: int
    unaccounted: int
    told: int | None
    still_href: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The devices of one product by version."""

    product: products.Product
    parts: tuple[Part, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What one product was promised, and what of it cannot be looked up."""

    product: products.Product
    until: date | None
    unmatched: int | None
    """Components of its newest release that could not be looked up; None where that was not tried yet."""
    version: str


def routes(world: World) -> list[Route]:
    """Return the start page and its stream of changes."""
    page = _Today(world, templates(world))
    return [Route("/", page.show, methods=["GET"]), Route("/live", page.live, methods=["GET"])]


class _Today:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show the start page, to those who may see the products; the others have their own items or settings."""
        me = signed(request)
        if not me.may("products", "read"):
            return RedirectResponse("/own-items" if me.may("own-items", "read") else "/settings", 303)
        world, now = self._world, self._world.clock.now()
        known = products.list_all(world)
        pressing = pressing_of(world)
        funnels = funnels_of(world, pressing[:_FUNNELS])
        promises = [_promise(world, one) for one in known]
        reports = [one for one in obligations.matters(world, drills=False) if one.next]
        return self._look.page(
            request,
            "console/today.html",
            ledger_size=ledger_size(world),
            clocks=[one.case for one in funnels][:_CLOCKS],
            reports=reports[:_REPORTS],
            more_reports=max(0, len(reports) - _REPORTS),
            more_clocks=max(0, len(pressing) - _CLOCKS),
            ending=[one for one in promises if one.until and _soon(one.until, now.date())],
            soon=now + _DAY,
            since=since(world),
            todos=todos(world, reports[:_REPORTS], funnels, known)[:_ROWS],
            funnels=funnels,
            more_funnels=len(pressing) - len(funnels),
            strips=[strip(world, one) for one in known],
            fleet=devices.fleet_summary(world),
            promises=promises,
            past=end_of_support.past_support(world),
            feeds=vulnerabilities.feed_ages(world),
            looked_up=vulnerabilities.looked_up(world),
        )

    def live(self, request: Request) -> Response:
        """Tell the browser, as server-sent events, when the ledger has grown."""
        signed(request)
        world = self._world
        if "text/event-stream" not in request.headers.get("accept", ""):
            raise Invalid("This is a stream of server-sent events.", do="Ask for it with Accept: text/event-stream.")
        return StreamingResponse(
            growth(lambda: ledger_size(world)),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )


async def growth(
    size_of: Callable[[], int], *, pause: float = _PAUSE_SECONDS, rounds: int = _LIVE_ROUNDS
) -> AsyncIterator[str]:
    """Yield the ledger's size as server-sent events: at once, and whenever it is another; end after `rounds` looks.

    `pause` is in seconds. The first line tells the browser to come back after five seconds when the stream ends.
    """
    yield "retry: 5000\n\n"
    seen = -1
    for _ in range(rounds):
        size = await run_in_threadpool(size_of)
        if size != seen:
            seen = size
            yield f"event: ledger\ndata: {size}\n\n"
        await anyio.sleep(pause)


def since(world: World) -> list[Line]:
    """Tell what happened in the last 24 hours, in a few sentences."""
    start = world.clock.now() - _DAY
    with world.look() as connection:
        newest = ledger.read(connection, names=TOLD_FIRST, limit=_ENTRIES, newest_first=True)
    return told([entry for entry in reversed(newest) if entry.at >= start])


def pressing_of(world: World) -> list[obligations.Pressing]:
    """Return every open case that is not surely harmless, the most pressing first."""
    listed = obligations.pressing(world, "open")
    return [one for one in listed if one.status != "not_affected" or vulnerabilities.waits(one)]


def funnels_of(world: World, cases: Sequence[obligations.Pressing]) -> list[Funnel]:
    """Tell how far cases have come."""
    ever = vulnerabilities.exposure_counts(world)
    found = []
    for case in cases:
        still = len(vulnerabilities.exposed(world, case.id).devices)
        advisory = notices.for_case(world, case.id)
        written = notices.told_count(world, advisory.id) if advisory and advisory.published_at else None
        only = case.releases[0] if len(case.releases) == 1 else None
        href = query("/devices", product=case.product, version=only) if only else f"/vulnerabilities/{case.id}"
        left = len(vulnerabilities.unaccounted(world, case.id)) if still else 0
        found.append(Funnel(case, max(ever.get(case.id, 0), still), still, left, written, href))
    return found


def strip(world: World, product: products.Product) -> Strip:
    """Count a product's devices by version, each part with the address of its list."""
    counts = devices.count_by_version(world, product.id)
    parts = [
        Part(version, number, query("/devices", product=product.id, version=version))
        for version, number in counts.items()
        if version
    ]
    if counts.get(""):
        parts.append(
            Part("no version said yet", counts[""], query("/devices", product=product.id, version="-"), unknown=True)
        )
    return Strip(product, tuple(parts), sum(counts.values()))


def todos(
    world: World, reports: Sequence[obligations.Matter], funnels: list[Funnel], known: list[products.Product]
) -> list[Todo]:
    """Return what is to be done, the most pressing first: what the law wants reported or answered, then cases."""
    rollouts = updates.rollouts(world)
    return [
        *(_report(one, one.next) for one in reports if one.next),
        *(Todo(*row) for row in overdue(world)),
        *(row for one in funnels if (row := _for_case(world, one, rollouts)) is not None),
        *_alerts(world),
        *(Todo(*row) for row in (*approvals.pressing(world), *pressing(world))),
        *_halted(rollouts),
        *_keys(world),
        *(Todo(*row) for row in reminders.pressing(world)),
        *_feeds(world),
        *_drafts(world),
        *_products(known),
        *_shipping(world, known),
    ]


def _report(one: obligations.Matter, clock: obligations.Clock) -> Todo:
    report = clock.duty.removeprefix(f"{one.kind}-")
    return Todo(
        f"Submit the {clock.title.lower()}: {one.title}",
        f"{clock.cites} of Regulation (EU) 2024/2847. A draft is filled in from what is known.",
        f"/reporting/{one.id}#{clock.duty}",
        "See draft",
        f"careful obligation draft {one.id} {report}",
        clock.due,
    )


def _for_case(world: World, funnel: Funnel, rollouts: list[updates.Rollout]) -> Todo | None:
    case = funnel.case
    name = f"{case.flaw} in {case.product}"
    who = f"{words.plural(funnel.still, 'device')} still exposed"
    judge = f"careful vuln judge {case.id} --status affected"
    mending = [one for one in rollouts if (one.product, one.version) == (case.product, case.fixed_in)]
    if case.proposal:
        what = f"Confirm {vulnerabilities.named(case.proposal.status, case.proposal.until)}: {name}"
        why = f"It is exploited in the wild, so this takes two people; {who}."
        return _row(case, what, why, "Confirm", f"careful vuln show {case.id}")
    if case.review:
        return _row(case, f"Look again at {name}", case.review, "Judge", judge)
    if case.status in (None, "under_investigation"):
        return _row(case, f"Judge {name}", f"{case.title.rstrip('.')}; {who}.", "Judge", judge)
    if case.fixed_in and funnel.still and not mending:
        what = f"Start the rollout of {case.product} {case.fixed_in}"
        start = f"careful rollout start {case.product} {case.fixed_in}"
        return _row(case, what, f"It ends {name}; {who}.", "Start", start)
    if funnel.unaccounted and mending and mending[-1].state == "finished":
        what = f"Account for {words.plural(funnel.unaccounted, 'device')}"
        why = f"The rollout against {name} is over; they still have the flaw."
        return _row(case, what, why, "Account for", f'careful vuln account {case.id} DEVICE --reason "…"')
    return _telling(world, case, name)


def _telling(world: World, case: vulnerabilities.Case, name: str) -> Todo | None:
    advisory = notices.for_case(world, case.id)
    if advisory is None:
        why = "Their owners do not know yet."
        return _row(case, f"Draft the notice about {name}", why, "Draft", f"careful notice draft {case.id}")
    if advisory.published_at is None:
        row = _row(
            case, f"Publish {advisory.id}", f"It is about {name}.", "Publish", f"careful notice publish {advisory.id}"
        )
        return replace(row, href=f"/notices/{advisory.id}")
    return None


def _row(case: vulnerabilities.Case, what: str, why: str, label: str, command: str) -> Todo:
    return Todo(what, why, f"/vulnerabilities/{case.id}", label, command, case.due)


def _alerts(world: World) -> list[Todo]:
    """Return the open alerts for which devices were cut off or are held, and a line for all others together."""
    found, rest = [], 0
    for one in monitoring.alerts(world, state="open"):
        if not (one.held or one.cut):
            rest += 1
            continue
        title = f"{monitoring.rule(one.rule).title} in {one.product}"
        what = f"Decide on {words.plural(one.held, 'held device')}: {title}" if one.held else f"Judge {title}"
        found.append(Todo(what, one.says, f"/detections/{one.id}", "Judge", f"careful watch show {one.id}"))
    if rest:
        why = "Nobody has said yet whether it was expected."
        found.append(
            Todo(f"Judge {words.plural(rest, 'alert')}", why, "/detections", "See alerts", "careful watch list")
        )
    return found


def _halted(rollouts: list[updates.Rollout]) -> list[Todo]:
    return [
        Todo(
            f"Look at the halted rollout of {one.product} {one.version}",
            one.reason,
            f"/rollouts/{one.id}",
            "Look",
            f"careful rollout show {one.id}",
        )
        for one in rollouts
        if one.state == "halted"
    ]


def _keys(world: World) -> list[Todo]:
    """Return what devices trust and nobody has signed anew in time."""
    return [
        Todo(
            f"Renew what devices of {one.product} trust: {one.role}",
            "It has expired: they install nothing." if one.state == "expired" else "Once it ends they install nothing.",
            "/releases",
            "See releases",
            one.do,
            due=one.expires,
        )
        for one in updates.expiring(world)
    ]


def _feeds(world: World) -> list[Todo]:
    if vulnerabilities.feeds_fresh(world) or not releases.list_for(world, None):
        return []
    why = "Without a fresh feed nobody can say that a release has no known flaw."
    return [Todo("Take in the feeds of known flaws", why, "/vulnerabilities", "See feeds", "careful feeds sync")]


def _drafts(world: World) -> list[Todo]:
    return [
        Todo(
            f"Sign {one.product} {one.version}",
            "It was added; no device takes it before it is signed.",
            f"/releases/{one.id}",
            "See release",
            f"careful release sign {one.product} {one.version}",
        )
        for one in releases.list_for(world, None)
        if one.state == "draft"
    ]


def _products(known: list[products.Product]) -> list[Todo]:
    found = []
    for one in known:
        href = f"/products/{one.id}"
        if one.stage == "declared" or one.pending:
            why = "What it says is not in force before somebody approves it."
            found.append(Todo(f"Approve {one.name}", why, href, "Approve", f"careful product approve {one.id}"))
        elif one.page_published_at is None:
            why = "Buyers cannot read yet how long updates will come."
            found.append(
                Todo(f"Publish the page of {one.name}", why, href, "Publish", f"careful product publish {one.id}")
            )
    return found


def _shipping(world: World, known: list[products.Product]) -> list[Todo]:
    return [
        Todo(
            f"Add the first release of {one.name}",
            "Without an SBOM nothing can be looked up in the known flaws.",
            "/releases",
            "See releases",
            f"careful release add {one.id} 1.0.0 --image FILE --sbom FILE --hardware rev-a",
        )
        for one in known
        if not releases.list_for(world, one.id)
    ]


def _promise(world: World, product: products.Product) -> Promise:
    support = product.declaration.support
    until = product.published_until or (support.until if support else None)
    newest = [one for one in releases.list_for(world, product.id) if one.state == "signed"][-1:]
    if not newest:
        return Promise(product, until, None, "")
    looked = newest[0].id in vulnerabilities.matched(world)
    left = len(vulnerabilities.unmatched(world, newest[0].id)) if looked else None
    return Promise(product, until, left, newest[0].version)


def _soon(until: date, today: date) -> bool:
    return until - today <= _ENDS_SOON
