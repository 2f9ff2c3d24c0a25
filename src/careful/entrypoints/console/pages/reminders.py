"""What ends soon and what somebody waits for: for Today. Each row: what, why, where, its button, command, by when."""

from datetime import UTC, date, datetime, time

from starlette.routing import Route

from careful import people, products, suppliers
from careful.kernel.work import World

Row = tuple[str, str, str, str, str, datetime | None]
_SHOWN = 3


def routes(world: World) -> list[Route]:  # noqa: ARG001 (every module of pages has this; here there is no page)
    """Return no routes."""
    return []


def pressing(world: World) -> list[Row]:
    """Return what presses, most pressing first."""
    return [*_lacking(world), *_suppliers(world), *_tokens(world)]


def _lacking(world: World) -> list[Row]:
    return [
        (
            f"{need.what} in {product.name}: evidence or obligations are missing",
            f"{'; '.join(missing)}. The next approval of {product.id} is refused.",
            "/suppliers",
            "See suppliers",
            "careful supplier list",
            None,
        )
        for product, need, missing in products.handed_out_without(world)[:_SHOWN]
    ]


def _suppliers(world: World) -> list[Row]:
    today = world.clock.now().date()
    found: list[Row] = []
    for one in suppliers.list_all(world):
        if one.ended_at is not None:
            continue
        there, show = f"/suppliers/{one.id}", f"careful supplier show {one.id}"
        if any(each.standing(today) == "offered" for each in one.evidence):
            found.append((f"Look at the evidence of {one.name}", "It counts once accepted.", there, "See", show, None))
        running = [each for each in one.evidence if each.counts(today)]
        if running and all(each.standing(today) == "ends soon" for each in running):
            until = max(each.until for each in running)
            why = "Without evidence nothing more of it is approved."
            found.append((f"Ask {one.name} for new evidence", why, there, "See", show, _end_of(until)))
        contract = one.contract(today)
        if contract is not None and contract.until - today <= suppliers.WARN_BEFORE:
            why = "With it end the obligations that data goes there under."
            found.append((f"Renew the contract with {one.name}", why, there, "See", show, _end_of(contract.until)))
        if answered := [each for each in one.items if each.waits_for == "us"]:
            why = f"{len(answered)} of what it was asked for is answered."
            found.append((f"Read the answer of {one.name}", why, there, "See", show, None))
        late = [each for each in one.items if each.waits_for == "them" and each.due < today]
        if late:
            why = f"It was asked for {len(late)} by {min(each.due for each in late):%d %B %Y} and has not answered."
            found.append((f"Remind {one.name}", why, there, "See", show, None))
    return found[: 2 * _SHOWN]


def _tokens(world: World) -> list[Row]:
    return [
        (
            f"Replace the API token {one.name}",
            "It ends; what uses it stops working then.",
            "/settings/tokens",
            "See tokens",
            "careful token list",
            one.expires_at,
        )
        for one in people.ending_tokens(world)[:_SHOWN]
    ]


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59), UTC)
