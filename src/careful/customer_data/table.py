"""Every data item that a product declares, beside what was seen of it: taken and refused, how often and when last.

The declaration is the one in force. What old releases may still send by their own declaration, and what is refused of
it, is counted too; an item that only an old declaration has is not listed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from careful import products, releases
from careful.customer_data.intake import ObservedField, RefusedField, observed_fields, refused_fields
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.products import DataItem, FieldRule, Permit


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One declared field: what the product file says of it, and what was seen."""

    name: str
    may_be: str
    type: str | None
    unit: str | None
    low: float | None
    high: float | None
    longest: int | None
    personal: bool
    sensitive: bool
    purpose: tuple[str, ...]
    recipients: tuple[str, ...] | None
    retention_days: int | None
    consent: str
    records: int = 0
    last_at: datetime | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One declared data item. `stream` tells whether devices send it; of others nothing is seen here.

    `records` were taken, `last_at` is of the newest; `refused` counts whole records and single fields.
    """

    product: str
    version: int
    item: str
    stream: bool
    personal: bool | None
    sensitive: bool | None
    purpose: tuple[str, ...]
    recipients: tuple[str, ...] | None
    retention_days: int | None
    consent: str
    refusal: str
    rate: str
    fields: tuple[FieldRow, ...]
    records: int = 0
    last_at: datetime | None = None
    refused: int = 0
    refused_at: datetime | None = None

    @property
    def never_sent(self) -> tuple[str, ...]:
        """Return the declared fields that no device ever sent: candidates for removal."""
        return tuple(one.name for one in self.fields if not one.records) if self.stream else ()


def data_table(world: World, product: str | None = None) -> list[ItemRow]:
    """Return the declared data items of one product, or of all. Raises NotFound."""
    known = products.list_all(world) if product is None else [products.get(world, product)]
    stopped = refused_fields(world, product)
    rows: list[ItemRow] = []
    for one in known:
        seen = observed_fields(world, one.id)
        mine = [each for each in stopped if each.product == one.id]
        rows += [item_row(one.id, one.version, item, seen, mine) for item in one.declaration.data or ()]
    return rows


def data_item(world: World, product: str, item: str) -> ItemRow:
    """Return one declared data item. Raises NotFound."""
    found = next((one for one in data_table(world, product) if one.item == item), None)
    if found is None:
        raise NotFound(f"{product} declares no data item {item[:64]!r}.", do=f"Run: careful data show {product}")
    return found


def pinned_away(world: World, refused: Iterable[RefusedField]) -> dict[tuple[str, str], int]:
    """Return the releases of which something was refused that the product file in force declares: -> its version.

    They keep to an older version, by which it is undeclared; `careful release pin` would have it taken.
    """
    found: dict[tuple[str, str], int] = {}
    permits: dict[str, Permit] = {}
    for one in refused:
        if not one.release or not one.kind.startswith("undeclared-") or (one.product, one.release) in found:
            continue
        permit = permits.get(one.product) or permits.setdefault(one.product, products.permit_of(world, one.product))
        shape = permit.streams.get(one.item) or permit.shapes.get(one.item)
        if shape is None or (one.field and one.field not in shape.fields):
            continue
        kept = releases.pinned(world, one.product, one.release)
        if kept is not None and kept != permit.version:
            found[one.product, one.release] = permit.version
    return found


def item_row(
    product: str, version: int, item: DataItem, seen: Iterable[ObservedField], stopped: Iterable[RefusedField]
) -> ItemRow:
    """Put what is declared beside what was seen. Pure."""
    here = {one.field: one for one in seen if one.item == item.id}
    refused = [one for one in stopped if one.item == item.id]
    by_field: dict[str, int] = {}
    for one in refused:
        by_field[one.field] = by_field.get(one.field, 0) + one.count
    records = here.get("")
    return ItemRow(
        product=product,
        version=version,
        item=item.id,
        stream=item.source in {None, "device"},
        personal=item.personal,
        sensitive=item.sensitive,
        purpose=item.purpose or (),
        recipients=item.recipients,
        retention_days=item.retention.days if item.retention else None,
        consent=item.consent or "none",
        refusal=item.refusal or "record",
        rate=_rate(item),
        fields=tuple(_field(rule, here, by_field) for rule in products.rules_of(item).values()),
        records=records.count if records else 0,
        last_at=records.last_at if records else None,
        refused=sum(one.count for one in refused),
        refused_at=max((one.last_at for one in refused), default=None),
    )


def _field(rule: FieldRule, seen: Mapping[str, ObservedField], refused: Mapping[str, int]) -> FieldRow:
    taken = seen.get(rule.name)
    return FieldRow(
        name=rule.name,
        may_be=rule.may_be,
        type=rule.type,
        unit=rule.unit,
        low=rule.low,
        high=rule.high,
        longest=rule.longest,
        personal=rule.personal,
        sensitive=rule.sensitive,
        purpose=rule.purpose,
        recipients=rule.recipients,
        retention_days=rule.retention_days,
        consent=rule.consent,
        records=taken.count if taken else 0,
        last_at=taken.last_at if taken else None,
        refused=refused.get(rule.name, 0),
    )


def _rate(item: DataItem) -> str:
    rate = item.rate
    if rate is None or rate.per is None:
        return ""
    parts = [f"{rate.messages:,} messages"] if rate.messages else []
    parts += [f"{rate.bytes:,} bytes"] if rate.bytes else []
    return f"{' and '.join(parts)} {'an' if rate.per == 'hour' else 'a'} {rate.per}" if parts else ""
