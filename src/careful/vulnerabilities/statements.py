"""Reading what others say of flaws in what they supply: OpenVEX, CSAF 2.0 (profile VEX), CycloneDX VEX; pure.

Every statement of a document is returned, or refused with its place and the reason. What is said to be not affected
needs a reason (OpenVEX 0.2.0, "Status Justifications"; CSAF 2.0 section 4.5; CycloneDX `analysis`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import msgspec

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities.feeds.record import as_list, moment
from careful.vulnerabilities.model import Status

MOST_BYTES = 64 << 20
MOST_STATEMENTS = 200_000
_DEPTH = 32
_TEXT = 500
_CYCLONEDX_STATES: Mapping[str, Status] = {
    "exploitable": "affected",
    "not_affected": "not_affected",
    "false_positive": "not_affected",
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "in_triage": "under_investigation",
}
_CSAF_STATES: Mapping[str, Status] = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "known_not_affected": "not_affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "under_investigation": "under_investigation",
}
_CYCLONEDX_REASONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
_DO = "Hand in OpenVEX, CSAF 2.0 or CycloneDX VEX, as JSON."


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: a flaw by all its names, and what it is about as purls or CPE names.

    `parts` are the components inside these products that it is about; empty where it is about the products themselves.
    `why_not` says why it cannot be used, empty where it can.
    """

    where: str
    names: tuple[str, ...]
    products: tuple[str, ...]
    parts: tuple[str, ...]
    status: Status
    justification: str = ""
    detail: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of statements: its form, its own id, who says it, and when."""

    form: str
    id: str
    author: str
    at: datetime | None
    said: tuple[Said, ...]


def read_statements(content: bytes) -> Document:
    """Read a document. Raises Invalid, TooLarge."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"A VEX document may have {MOST_BYTES >> 20} MiB.", where="vex")
    try:
        raw = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid(f"This is no JSON: {wrong}.", do=_DO, where="vex") from wrong
    if not isinstance(raw, dict):
        raise Invalid("This is no VEX document.", do=_DO, where="vex")
    reader = next((reader for sign, reader in _READERS if sign(raw)), None)
    if reader is None:
        raise Invalid("This is no VEX document that is read.", do=_DO, where="vex")
    form, name, author, at, statements = reader(raw)
    said = []
    for number, one in enumerate(statements):
        if number >= MOST_STATEMENTS:
            raise TooLarge(f"A VEX document may have {MOST_STATEMENTS:,} statements.", where="vex")
        said.append(one)
    return Document(form, name[:_TEXT], author[:_TEXT], moment(at), tuple(said))


_Read = tuple[str, str, str, object, Iterator[Said]]


def _openvex(raw: dict[str, Any]) -> _Read:
    return "OpenVEX", _text(raw, "@id"), _text(raw, "author"), raw.get("timestamp"), _openvex_statements(raw)


def _openvex_statements(raw: dict[str, Any]) -> Iterator[Said]:
    for number, one in enumerate(as_list(raw.get("statements"))):
        where = f"$.statements[{number}]"
        one = one if isinstance(one, dict) else {}  # noqa: PLW2901 (what is no object says nothing)
        flaw = one.get("vulnerability")
        flaw = flaw if isinstance(flaw, dict) else {"name": flaw}
        names = [flaw.get("name"), flaw.get("@id"), *as_list(flaw.get("aliases"))]
        products = [name for product in as_list(one.get("products")) for name in _openvex_ids(product)]
        listed = (part for product in as_list(one.get("products")) if isinstance(product, dict)
                  for part in as_list(product.get("subcomponents")))  # fmt: skip
        parts = [name for part in listed for name in _openvex_ids(part)]
        detail = _text(one, "impact_statement") or _text(one, "status_notes") or _text(one, "action_statement")
        impact = _text(one, "impact_statement")
        yield _said(where, names, products, parts, _text(one, "status"), _text(one, "justification"), detail, impact)


def _openvex_ids(product: object) -> Iterator[str]:
    if isinstance(product, str):
        yield product
    elif isinstance(product, dict):
        ids = product.get("identifiers")
        yield from (one for one in (product.get("@id"), *(ids.values() if isinstance(ids, dict) else ()))
                    if isinstance(one, str))  # fmt: skip


def _cyclonedx(raw: dict[str, Any]) -> _Read:
    about = _object(raw, "metadata")
    who = about.get("supplier") or about.get("manufacturer") or about.get("manufacture")
    author = _text(who, "name") if isinstance(who, dict) else ""
    return "CycloneDX", _text(raw, "serialNumber"), author, about.get("timestamp"), _cyclonedx_statements(raw, about)


def _cyclonedx_statements(raw: dict[str, Any], about: dict[str, Any]) -> Iterator[Said]:
    known: dict[str, list[str]] = {}
    stack = [about.get("component"), *as_list(raw.get("components"))]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            stack += as_list(part.get("components"))
            ids = [one for one in (part.get("purl"), part.get("cpe")) if isinstance(one, str)]
            known[_text(part, "bom-ref")] = ids
    for number, one in enumerate(as_list(raw.get("vulnerabilities"))):
        if not isinstance(one, dict) or not isinstance(one.get("analysis"), dict):
            continue  # it lists a flaw and says nothing of it
        analysis = one["analysis"]
        refs = [_text(each, "ref") for each in as_list(one.get("affects")) if isinstance(each, dict)]
        products = [name for ref in refs for name in known.get(ref) or [ref.rpartition("#")[2]]]
        names = [
            one.get("id"),
            *(_text(each, "id") for each in as_list(one.get("references")) if isinstance(each, dict)),
        ]
        state = _CYCLONEDX_STATES.get(_text(analysis, "state"), _text(analysis, "state"))
        reason, detail = _text(analysis, "justification"), _text(analysis, "detail")
        reason = _CYCLONEDX_REASONS.get(reason, reason)
        yield _said(f"$.vulnerabilities[{number}]", names, products, [], state, reason, detail, detail)


def _csaf(raw: dict[str, Any]) -> _Read:
    about = _object(raw, "document")
    tracking, publisher = _object(about, "tracking"), _object(about, "publisher")
    at = tracking.get("current_release_date")
    return "CSAF", _text(tracking, "id"), _text(publisher, "name"), at, _csaf_statements(raw)


def _csaf_statements(raw: dict[str, Any]) -> Iterator[Said]:
    known, inside = _csaf_products(_object(raw, "product_tree"))
    for number, one in enumerate(as_list(raw.get("vulnerabilities"))):
        if not isinstance(one, dict):
            continue
        names = [one.get("cve"), *(_text(each, "text") for each in as_list(one.get("ids")) if isinstance(each, dict))]
        flags = _by_product(one.get("flags"), "label")
        impacts = _by_product([each for each in as_list(one.get("threats")) if _is_impact(each)], "details")
        states = one.get("product_status")
        for state, products in (states if isinstance(states, dict) else {}).items():
            status = _CSAF_STATES.get(state)
            for product in as_list(products) if status else ():
                where = f"$.vulnerabilities[{number}].product_status.{state}: {str(product)[:80]}"
                holder, part = inside.get(product, (product, ""))
                ids, parts = known.get(holder, []), known.get(part, []) if part else []
                detail = impacts.get(product, "")
                yield _said(where, names, ids, parts, status or "", flags.get(product, ""), detail, detail)


def _csaf_products(tree: dict[str, Any]) -> tuple[dict[str, list[str]], dict[str, tuple[str, str]]]:
    """Return the identifiers of each product, and of each combination the product and the component in it."""
    known: dict[str, list[str]] = {}
    inside: dict[str, tuple[str, str]] = {}
    stack = [(one, 0) for one in as_list(tree.get("branches"))]
    listed = [*as_list(tree.get("full_product_names"))]
    while stack:
        branch, depth = stack.pop()
        if isinstance(branch, dict) and depth < _DEPTH:
            stack += [(one, depth + 1) for one in as_list(branch.get("branches"))]
            listed.append(branch.get("product"))
    for link in as_list(tree.get("relationships")):
        whole = link.get("full_product_name") if isinstance(link, dict) else None
        if isinstance(whole, dict):
            inside[_text(whole, "product_id")] = (
                _text(link, "relates_to_product_reference"),
                _text(link, "product_reference"),
            )
    for product in listed:
        if isinstance(product, dict):
            helper = product.get("product_identification_helper")
            ids = (helper.get("purl"), helper.get("cpe")) if isinstance(helper, dict) else ()
            known[_text(product, "product_id")] = [one for one in ids if isinstance(one, str)]
    return known, inside


def _by_product(listed: object, name: str) -> dict[str, str]:
    found = (one for one in as_list(listed) if isinstance(one, dict))
    return {str(product): _text(one, name) for one in found for product in as_list(one.get("product_ids"))}


def _is_impact(threat: object) -> bool:
    return isinstance(threat, dict) and threat.get("category") == "impact"


def _said(
    where: str,
    names: list[object],
    products: list[str],
    parts: list[str],
    status: str,
    justification: str,
    detail: str,
    impact: str,
) -> Said:
    flaws = tuple(dict.fromkeys(one[:_TEXT] for one in names if isinstance(one, str) and one))
    why_not = ""
    if not flaws:
        why_not = "it names no flaw"
    elif status not in get_args(Status):
        why_not = f"its status is {status[:40]!r}: expected one of {', '.join(get_args(Status))}"
    elif not products and not parts:
        why_not = "it names no product by purl or CPE"
    elif status == "not_affected" and not justification and not impact:
        why_not = "it says not affected and not why"
    known: Status = status if status in get_args(Status) else "under_investigation"  # type: ignore[assignment]  # one of them
    return Said(where, flaws, tuple(products), tuple(parts), known, justification[:_TEXT], detail[:_TEXT], why_not)


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


_READERS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], _Read]], ...] = (
    (lambda raw: "openvex" in str(raw.get("@context", "")), _openvex),
    (lambda raw: isinstance(raw.get("document"), dict) and "csaf_version" in raw["document"], _csaf),
    (lambda raw: raw.get("bomFormat") == "CycloneDX" and "vulnerabilities" in raw, _cyclonedx),
)
"""By what each form is known, and who reads it."""
