"""What a declaration says about data as a whole: which stages of its life are blank, and whether children are safe.

Pure. The words are ids of data items, `item.stage`, `item.field`, and `event/name`: they go into the ledger when a file
is approved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from careful.products.declaration import Declaration
from careful.products.fields import rules_of
from careful.products.flows import DataItem, EventItem

Answer = Literal["yes", "no", "unknown"]
STAGES = ("collection", "transmission", "storage", "access", "use", "deletion")
"""The life of data, from the device to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The data items, the stages that are blank, and what a product for children takes without a parent's consent."""

    items: tuple[str, ...]
    streams: int
    lacking: tuple[str, ...]
    children: Answer
    unguarded: tuple[str, ...]
    unbounded: tuple[str, ...]
    """Personal data that nothing says when to delete."""


def collected(declaration: Declaration) -> Collected:
    """Look at every data item of a declaration."""
    items = declaration.data or ()
    children = for_children(declaration)
    events = [one for one in declaration.events or () if one.fields]
    both: tuple[DataItem | EventItem, ...] = (*items, *events)
    personal = [one for one in both if one.personal is not False]
    return Collected(
        items=tuple(item.id for item in items),
        streams=sum(item.source in {None, "device"} for item in items),
        lacking=tuple(f"{item.id}.{stage}" for item in items for stage in _lacking(item)),
        children=children,
        unguarded=tuple(one for item in both for one in _unguarded(item)) if children == "yes" else (),
        unbounded=tuple(_id(one) for one in personal if one.retention is None or one.retention.days is None),
    )


def for_children(declaration: Declaration) -> Answer:
    """Tell whether children use the product: yes where either question says so, no where both say no."""
    audience = declaration.audience
    said = {None} if audience is None else {audience.child_directed, audience.actual_knowledge_child}
    return "yes" if True in said else "unknown" if None in said else "no"


def _lacking(item: DataItem) -> Iterator[str]:
    filled = {
        "collection": bool(item.fields) or item.source not in {None, "device"},
        "transmission": item.in_transit is not None,
        "storage": item.at_rest is not None,
        "access": item.access_roles is not None,
        "use": bool(item.purpose),
        "deletion": item.retention is not None and item.retention.days is not None,
    }
    yield from (stage for stage in STAGES if not filled[stage])


def _id(item: DataItem | EventItem) -> str:
    return item.id if isinstance(item, DataItem) else f"event/{item.name}"


def _unguarded(item: DataItem | EventItem) -> Iterator[str]:
    """Yield the item, or those of its fields, that are personal and do not wait for a parent."""
    if isinstance(item, DataItem) and item.source not in {None, "device"}:
        if item.personal is not False and item.consent != "parental":
            yield item.id
        return
    open_ = [rule.name for rule in rules_of(item).values() if rule.personal and rule.consent != "parental"]
    whole = len(open_) == sum(rule.personal for rule in rules_of(item).values())
    yield from ([_id(item)] if open_ and whole else [f"{_id(item)}.{name}" for name in open_])
