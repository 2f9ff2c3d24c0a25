"""What a declaration hands to others: each edge and recipient with the obligations that it takes (U6, U7). Pure.

Others are: elements of the ecosystem of kind `partner`, elements whose owner is listed among `suppliers`, whoever is
named in `recipients`, and suppliers listed with `data`. An edge that carries nothing (`data: []`) hands nothing out.
"""

from collections.abc import Iterable, Iterator

from careful.products.declaration import Declaration
from careful.products.flows import DataItem, Element
from careful.products.vocabulary import INTIMATE
from careful.suppliers import Need

_ALWAYS = ("encrypt", "delete", "sub_processors")
NOTIFY_HOURS, NOTIFY_HOURS_INTIMATE = 72, 24
"""Within how many hours a breach must be told: of personal data, and of what shows how a person lives."""


def handed_out(declaration: Declaration) -> tuple[Need, ...]:
    """Return what goes to whom, in the declaration's order; the same thing once."""
    items = {one.id: one for one in declaration.data or ()}
    found = [*_edges(declaration, items), *_recipients(declaration), *_suppliers(declaration, items)]
    return tuple({(one.what, one.who.casefold()): one for one in found}.values())


def _edges(declaration: Declaration, items: dict[str, DataItem]) -> Iterator[Need]:
    listed = {one.id.casefold() for one in declaration.suppliers or ()}
    others = {one.id: _who(one) for one in declaration.ecosystem or () if _is_another(one, listed)}
    for element in declaration.ecosystem or ():
        for edge in element.edges or ():
            for end in (element.id, edge.to):
                if end in others and edge.data != ():
                    carried = None if edge.data is None else [items[one] for one in edge.data if one in items]
                    yield Need(
                        what=f"The edge {element.id} to {edge.to or 'nowhere'}",
                        who=others[end],
                        clauses=_asked(carried),
                    )
    for item in declaration.data or ():
        for end in item.to or ():
            if end in others:
                yield Need(what=f"Sending {item.id} to {end}", who=others[end], clauses=_asked([item]))


def _is_another(element: Element, listed: set[str]) -> bool:
    return element.kind == "partner" or (element.owner or "").strip().casefold() in listed


def _who(element: Element) -> str:
    return element.owner or element.id


def _recipients(declaration: Declaration) -> Iterator[Need]:
    for item in declaration.data or ():
        named = [
            *(item.recipients or ()),
            *(who for one in (item.details or {}).values() for who in one.recipients or ()),
        ]
        for who in dict.fromkeys(named):
            yield Need(what=f"Handing {item.id} to {who}", who=who, clauses=_asked([item]))


def _suppliers(declaration: Declaration, items: dict[str, DataItem]) -> Iterator[Need]:
    for one in declaration.suppliers or ():
        if one.data:
            carried = [items[each] for each in one.data if each in items]
            yield Need(what=f"Handing {', '.join(one.data)} to {one.id}", who=one.id, clauses=_asked(carried))


def _asked(carried: Iterable[DataItem] | None) -> dict[str, int | None]:
    """Return the obligations for what is carried; what is not said (None) is taken for the harder case."""
    given = None if carried is None else list(carried)
    hard = given is None or any(one.data_class in INTIMATE or one.sensitive is True for one in given)
    asked: dict[str, int | None] = dict.fromkeys(_ALWAYS)
    asked["notify"] = NOTIFY_HOURS_INTIMATE if hard else NOTIFY_HOURS
    if given and any(one.deidentified is not None for one in given):
        asked["no_reidentify"] = None
    return asked
