"""What the linter says about single fields: whether they fit their data item, their unit and their rate.

Owners read what the data item says. A field that is kept longer, goes to more or is for more than that would be told of
nowhere; one that asks for less consent than a child's data needs would slip past the parent.
"""

from collections.abc import Mapping
from math import inf

from careful.kernel.role_names import ROLE_NAMES, what_instead
from careful.products.flows import DataItem, EventItem, FieldDetail
from careful.products.lint_table import Hit, Hits
from careful.products.reading import Path

_UNITS: Mapping[str, tuple[float, float]] = {
    "K": (0, inf),
    "Cel": (-273.15, inf),
    "°C": (-273.15, inf),
    "degF": (-459.67, inf),
    "°F": (-459.67, inf),
    "%RH": (0, 100),
    "Pa": (0, inf),
    "hPa": (0, inf),
    "bar": (0, inf),
    "lx": (0, inf),
    "Hz": (0, inf),
    "ppm": (0, 1_000_000),
    "beats/min": (0, inf),
}
"""Units (by SenML's names, RFC 8428, and common ones) outside of which there is nothing to measure."""
_LEAST_BYTES = 2


def look_at_fields(item: DataItem, path: Path, *, children: bool) -> Hits:
    """Look at the details of every field of one data item, and at its rate."""
    for name, detail in (item.details or {}).items():
        place: Path = (*path, "details", name)
        yield from _against(item, name, detail, place)
        yield from _unit(item, name, detail, place)
        personal = (item.personal if detail.personal is None else detail.personal) is not False
        if (item.sensitive if detail.sensitive is None else detail.sensitive) and not personal:
            yield _sensitive(f"{item.id}.{name}", place)
        if personal:
            yield from _personal(item, name, detail, place, children=children)
    if item.sensitive and item.personal is False:
        yield _sensitive(item.id, (*path, "sensitive"))
    if item.rate is not None and item.rate.bytes is not None and item.rate.bytes < _LEAST_BYTES:
        yield Hit(
            "rate-without-room",
            (*path, "rate", "bytes"),
            f"No message of `{item.id}` fits into its rate.",
            f"{_LEAST_BYTES} bytes or more",
            str(item.rate.bytes),
            "Give it the bytes of the messages that a device sends in that time.",
        )


def look_at_readers(item: DataItem | EventItem, path: Path) -> Hits:
    """Look at who may read: a name that is no role (any more) lets nobody in, or not whom its author meant."""
    for position, role in enumerate(item.access_roles or ()):
        if role not in ROLE_NAMES:
            name = item.id if isinstance(item, DataItem) else item.name
            yield Hit(
                "reader-without-role",
                (*path, "access_roles", position),
                f"`{name}` may be read by `{role}`, which is no role of the staff.",
                "a role of the staff",
                role,
                what_instead(role),
            )


def _against(item: DataItem, name: str, detail: FieldDetail, path: Path) -> Hits:
    kept, most = detail.retention, item.retention
    if kept and kept.days is not None and most and most.days is not None and kept.days > most.days:
        yield Hit(
            "field-against-its-item",
            (*path, "retention"),
            f"`{item.id}.{name}` is kept longer than owners are told.",
            f"at most {most.days} days, as `{item.id}` says",
            str(kept.days),
            "Keep it shorter, or let the data item say so.",
        )
    for key in ("recipients", "purpose"):
        said, known = getattr(detail, key) or (), getattr(item, key)
        more = [one for one in said if known is not None and one not in known]
        if more:
            yield Hit(
                "field-against-its-item",
                (*path, key),
                f"`{item.id}.{name}` has {key} that owners are not told of.",
                f"only {key} that `{item.id}` lists",
                ", ".join(more),
                f"Add it to the {key} of `{item.id}`, or remove it here.",
            )


def _unit(item: DataItem, name: str, detail: FieldDetail, path: Path) -> Hits:
    low, high = _UNITS.get(detail.unit or "", (-inf, inf))
    for key, limit in (("min", detail.min), ("max", detail.max)):
        if limit is not None and not low <= limit <= high:
            yield Hit(
                "range-beyond-unit",
                (*path, key),
                f"`{item.id}.{name}` cannot be {limit:g} {detail.unit}.",
                f"{low:g} {detail.unit} or more" if limit < low else f"{high:g} {detail.unit} or less",
                f"{limit:g}",
                "Mend the limit or the unit.",
            )


def _sensitive(name: str, path: Path) -> Hit:
    return Hit(
        "sensitive-not-personal",
        path,
        f"`{name}` is sensitive and said not to be personal, so it is not sealed.",
        "personal: true",
        "personal: false",
        "Say `personal: true`, or `sensitive: false`.",
    )


def _personal(item: DataItem, name: str, detail: FieldDetail, path: Path, *, children: bool) -> Hits:
    """Ask of a field that is personal by itself what is asked of a personal data item."""
    if (children or item.data_class == "child") and detail.consent in {"none", "opt_in"}:
        yield Hit(
            "child-without-parent",
            (*path, "consent"),
            f"`{item.id}.{name}` may be a child's and flows without a parent's consent.",
            "parental",
            detail.consent,
            "Ask a parent first, in a way that can be checked: `consent: parental`.",
        )
    if item.personal or not detail.personal:
        return  # then the data item is asked
    kept = detail.retention or item.retention
    if kept is None or kept.days is None:
        yield Hit(
            "personal-without-retention",
            path,
            f"`{item.id}.{name}` is personal and kept without end.",
            "a number of days",
            "nothing",
            "Decide how long it is needed: `retention: {days: 30}`.",
        )
    if not (detail.purpose or item.purpose):
        yield Hit(
            "personal-without-purpose",
            path,
            f"It is not said what `{item.id}.{name}` is for.",
            "one purpose or more",
            "nothing",
            "Write what it is for in `purpose`, or remove the field.",
        )
