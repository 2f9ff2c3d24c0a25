"""What the linter says about data: is it needed, who gets it, how long is it kept, where does it flow."""

from careful.products.declaration import Declaration
from careful.products.flows import DataItem
from careful.products.lint_fields import look_at_fields, look_at_readers
from careful.products.lint_table import Hit, Hits
from careful.products.reading import Path

_CLEAR = frozenset({"none", "clear", "plain", "plaintext", "plain text", "unencrypted", "http"})
DEVICE = "device"


def look_at_data(declaration: Declaration) -> Hits:
    """Look at every data item, and at where it goes."""
    features = _features(declaration)
    children = declaration.audience is not None and (
        declaration.audience.child_directed is True or declaration.audience.actual_knowledge_child is True
    )
    for index, item in enumerate(declaration.data or ()):
        path: Path = ("data", index)
        yield from _needed(item, path, features)
        if item.personal:
            yield from _personal(item, path, children=children)
        yield from look_at_fields(item, path, children=children)
        yield from look_at_readers(item, path)
    for index, happening in enumerate(declaration.events or ()):
        yield from look_at_readers(happening, ("events", index))
    yield from _flows(declaration)
    yield from _suppliers(declaration)


def _features(declaration: Declaration) -> frozenset[str]:
    """Collect the features that journeys and connectivity name."""
    connectivity = declaration.connectivity
    named = [feature for one in declaration.journeys or () for feature in one.features or ()]
    if connectivity:
        named += [*(connectivity.works_offline or ()), *(connectivity.cloud_required_for or ())]
    return frozenset(named)


def _needed(item: DataItem, path: Path, features: frozenset[str]) -> Hits:
    if item.feature is None:
        yield Hit(
            "data-without-feature",
            path,
            f"`{item.id}` is collected but no feature uses it.",
            "the feature that needs it",
            "nothing",
            "Name the feature in `feature`, or remove the data.",
        )
    elif features and item.feature not in features:
        yield Hit(
            "data-of-unknown-feature",
            (*path, "feature"),
            f"`{item.id}` serves `{item.feature}`, which no journey names.",
            "a feature named in journeys, works_offline or cloud_required_for",
            item.feature,
            "Name the feature where people meet it, or remove the data.",
        )
    if item.recipients is None:
        yield Hit(
            "data-without-recipients",
            path,
            f"It is not said who gets `{item.id}`.",
            "a list of recipients",
            "nothing",
            "Write `recipients: []` if nobody beside the owner does.",
        )
    if not item.fields and item.source in {None, DEVICE}:
        yield Hit(
            "data-without-fields",
            path,
            f"`{item.id}` names no field, so every message on that stream would be refused.",
            "a list of fields",
            "nothing",
            "List the fields that the device sends.",
        )


def _personal(item: DataItem, path: Path, *, children: bool) -> Hits:
    if item.retention is None or item.retention.days is None:
        yield Hit(
            "personal-without-retention",
            path,
            f"`{item.id}` is personal and kept without end.",
            "a number of days",
            "nothing",
            "Decide how long it is needed: `retention: {days: 30}`.",
        )
    if not item.purpose:
        yield Hit(
            "personal-without-purpose",
            path,
            f"It is not said what `{item.id}` is for.",
            "one purpose or more",
            "nothing",
            "Write what it is for in `purpose`, or remove the data.",
        )
    for name in ("at_rest", "in_transit"):
        said = getattr(item, name)
        if said is not None and said.strip().lower() in _CLEAR:
            yield Hit(
                "personal-in-the-clear",
                (*path, name),
                f"`{item.id}` is personal and not encrypted ({name}).",
                "how it is encrypted",
                said,
                "Encrypt it, then say how.",
            )
    if (children or item.data_class == "child") and item.consent not in {None, "parental"}:
        yield Hit(
            "child-without-parent",
            (*path, "consent"),
            f"`{item.id}` may be a child's and flows without a parent's consent.",
            "parental",
            item.consent,
            "Ask a parent first, in a way that can be checked: `consent: parental`.",
        )


def _flows(declaration: Declaration) -> Hits:
    known = {DEVICE, *(one.id for one in declaration.ecosystem or ())}
    items = {one.id for one in declaration.data or ()}
    for index, item in enumerate(declaration.data or ()):
        ends: list[tuple[Path, str]] = [(("data", index, "to", place), end) for place, end in enumerate(item.to or ())]
        ends += [(("data", index, "from"), item.source)] if item.source else []
        for path, end in ends:
            if end not in known:
                yield _nowhere(path, end, "an id of `ecosystem`, or `device`", "Declare it under `ecosystem`.")
    for index, element in enumerate(declaration.ecosystem or ()):
        for number, edge in enumerate(element.edges or ()):
            path = ("ecosystem", index, "edges", number)
            if edge.to is not None and edge.to not in known:
                yield _nowhere((*path, "to"), edge.to, "an id of `ecosystem`, or `device`", "Declare it.")
            for place, one in enumerate(edge.data or ()):
                if declaration.data is not None and one not in items:
                    yield _nowhere((*path, "data", place), one, "an id of `data`", "Declare it under `data`.")


def _nowhere(path: Path, found: str, expected: str, do: str) -> Hit:
    return Hit("edge-to-nowhere", path, f"`{found}` is declared nowhere.", expected, found, do)


def _suppliers(declaration: Declaration) -> Hits:
    for index, one in enumerate(declaration.suppliers or ()):
        if not one.data:
            continue
        if one.contract is None or one.contract.signed is None:
            yield Hit(
                "supplier-without-contract",
                ("suppliers", index),
                f"`{one.id}` gets data without a signed contract.",
                "contract.signed, a date",
                "nothing",
                "Sign one with clauses on encryption, breach notice and deletion.",
            )
        if not one.evidence:
            yield Hit(
                "supplier-without-evidence",
                ("suppliers", index),
                f"Nothing on file shows that `{one.id}` protects the data it gets.",
                "evidence and until when it counts",
                "nothing",
                "Ask for it before data flows.",
            )
