"""What of customers' data a person must look at: for Today. Each row: what, why, where, its button, and the command."""

from datetime import timedelta

from careful import customer_data
from careful.entrypoints.look import words
from careful.kernel.work import World

Row = tuple[str, str, str, str, str]
_OVERDUE_SHOWN = 2
_BULK_SHOWN = timedelta(days=7)


def pressing(world: World) -> list[Row]:
    """Return what presses, most pressing first."""
    return [*_glass(world), *_late_epochs(world), *_kept_too_long(world), *_bulk(world), *_unread(world)]


def overdue(world: World) -> list[Row]:
    """Return customers' requests whose time is over, each; the rest of many together."""
    late = customer_data.overdue_requests(world)
    now = world.clock.now()
    rows = [
        (
            f"Answer a customer's request {customer_data.REQUEST_KINDS[one.kind]}",
            f"{one.device}: it was due {one.due:%d %B %Y}, {words.plural(max(1, (now - one.due).days), 'day')} ago.",
            f"/data/requests/{one.id}",
            "Open it",
            f"careful data request show {one.id}",
        )
        for one in late[:_OVERDUE_SHOWN]
    ]
    if len(late) > len(rows):
        more = f"Answer {words.plural(len(late) - len(rows), 'more request')} of customers"
        rows.append((more, "They are overdue, too.", "/data#requests", "See them", "careful data request list"))
    return rows


def _glass(world: World) -> list[Row]:
    return [
        (
            f"Ask {one.reader} why they were about to open {words.plural(one.records, 'record')} in an emergency",
            f"Case {one.case_number}; it was stopped, and their sessions were ended.",
            f"/devices/{one.device}/break-glass",
            "See what was opened",
            "careful data break-glass list",
        )
        for one in customer_data.excesses(world, world.clock.now() - _BULK_SHOWN)
    ]


def _late_epochs(world: World) -> list[Row]:
    now = world.clock.now()
    return [
        (
            f"Destroy the key of epoch {one.number}",
            f"Receipts promised it by {one.ends + customer_data.GRACE:%d %B %Y}. The worker does it when it runs.",
            "/data#ended",
            "See receipts",
            "careful doctor",
        )
        for one in customer_data.epochs(world)
        if one.destroyed_at is None and one.ends + customer_data.GRACE < now
    ]


def _kept_too_long(world: World) -> list[Row]:
    late = [one for one in customer_data.ages(world) if one.too_long]
    return [
        (
            f"Find out why {one.stream.partition('/')[2]} of {one.product} is still there",
            f"It may be kept for {words.plural(one.limit_days or 0, 'day')}; the oldest is older than that.",
            "/data#kept",
            "See",
            "careful doctor",
        )
        for one in late[:3]
    ]


def _bulk(world: World) -> list[Row]:
    return [
        (
            f"Ask {one.reader} why they read {words.plural(one.devices, 'device')} in {one.minutes} minutes",
            "It was stopped, and their sessions were ended.",
            "/data#reads",
            "See the log",
            "careful data reads",
        )
        for one in customer_data.bulk_reads(world, world.clock.now() - _BULK_SHOWN)
    ]


def _unread(world: World) -> list[Row]:
    found = customer_data.unread(customer_data.uses(world), world.clock.now())
    if not found:
        return []
    what = f"Decide on {words.plural(len(found), 'field')} that nobody reads"
    why = "Nobody has read them for 90 days. What nobody needs should not be collected."
    return [(what, why, "/data#reads", "See them", "careful data unread")]
