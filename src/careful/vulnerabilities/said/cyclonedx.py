"""CycloneDX VEX, 1.4 to 1.7: in the SBOM itself, beside it, or by BOM-Link into another; pure.

`affects` names parts by their place in this document (`bom-ref`) or in another (`urn:cdx:serial/version#bom-ref`).
What is not resolved so, and is a purl or CPE itself, is taken as that. `versions` narrow it: what is said is said of
the versions that are affected, or, where it denies, of those that are not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from careful.vulnerabilities.feeds.record import as_list, moment
from careful.vulnerabilities.said.model import (
    About,
    Head,
    Said,
    Thing,
    hashes,
    names_something,
    part_of,
    statement,
    text,
)

_LINK = "urn:cdx:"
_STATES: Mapping[str, str] = {
    "exploitable": "affected",
    "not_affected": "not_affected",
    "false_positive": "not_affected",
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "in_triage": "under_investigation",
}
_REASONS = {
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
OWN_REASON = "careful:justification"
"""A property by which our own files keep a justification for which CycloneDX has no word."""


def head(raw: dict[str, Any]) -> Head:
    """Return what the document says of itself."""
    about = part_of(raw, "metadata")
    makers = [about.get(name) for name in ("supplier", "manufacturer", "manufacture")]
    people = [one for one in [*makers, *as_list(about.get("authors"))] if isinstance(one, dict)]
    version = raw.get("version")
    return Head(
        "CycloneDX",
        text(raw, "serialNumber"),
        next((name for one in people if (name := text(one, "name"))), ""),
        about.get("timestamp"),
        str(version) if isinstance(version, int | str) else "",
        _tlp(about),
    )


def read(raw: dict[str, Any], boms: Iterable[dict[str, Any]] = ()) -> Iterator[Said]:
    """Yield a statement for every flaw; `boms` are those into which links may point."""
    known = _parts(raw)
    for one in (raw, *boms):
        serial = text(one, "serialNumber").lower().removeprefix("urn:uuid:")
        version = one.get("version")
        known |= {f"{_LINK}{serial}/{version if isinstance(version, int) else 1}#{ref}": part
                  for ref, part in _parts(one).items() if serial}  # fmt: skip
    issued = moment(head(raw).at)
    main = known.get(text(part_of(part_of(raw, "metadata"), "component"), "bom-ref"))
    main = main or _thing(part_of(part_of(raw, "metadata"), "component"))
    for number, one in enumerate(as_list(raw.get("vulnerabilities"))):
        one = one if isinstance(one, dict) else {}  # noqa: PLW2901 (what is no object says nothing)
        yield _statement(f"$.vulnerabilities[{number}]", one, known, main, issued)


def _statement(where: str, one: dict[str, Any], known: Mapping[str, Thing], main: Thing | None, issued: Any) -> Said:  # noqa: ANN401 (a date or none)
    analysis = part_of(one, "analysis")
    names = [one.get("id"), *(text(each, "id") for each in as_list(one.get("references")))]
    written = text(analysis, "state")
    state = _STATES.get(written, written)
    if not analysis:
        why_not = "it lists a flaw and does not say what it means for the product"
        return statement(where, names, (), "under_investigation", why_not=why_not)
    about: list[About] = []
    left: list[str] = []
    for each in as_list(one.get("affects")):
        ref = text(each, "ref")
        found = _resolved(ref, known)
        versions = _versions(as_list(each.get("versions") if isinstance(each, dict) else None), state)
        if found is None:
            left.append(ref)
        elif versions is not None:
            about.append(About(replace(found, versions=versions) if versions else found))
    if not one.get("affects") and main:
        about.append(About(main))
    reason, detail = text(analysis, "justification"), text(analysis, "detail")
    own = next((text(each, "value") for each in as_list(one.get("properties")) if text(each, "name") == OWN_REASON), "")
    reason = own or _REASONS.get(reason, reason)
    if written == "false_positive":
        reason, detail = reason or "vulnerable_code_not_present", detail or "a false positive"
    advice = (text(one, "recommendation") or text(one, "workaround")) if state == "affected" else ""
    return statement(
        where,
        names,
        about,
        state,
        justification=reason,
        detail=detail or advice,
        reasoned=bool(detail),
        at=_latest(analysis) or moment(one.get("updated")) or issued,
        why_not=_nowhere(left) if left and not about and state in _STATES.values() else "",
    )


def _nowhere(left: list[str]) -> str:
    if left[0].lower().startswith(_LINK):
        return f"it points into another BOM, which is not here: {left[0][:120]}"
    return f"it names no product by purl or CPE: there is no {left[0][:80]!r} in it"


def _latest(analysis: dict[str, Any]) -> Any:  # noqa: ANN401 (a date or none)
    return moment(analysis.get("lastUpdated")) or moment(analysis.get("firstIssued"))


def _resolved(ref: str, known: Mapping[str, Thing]) -> Thing | None:
    """Return what a reference points to: a part of the document, of a linked BOM, or what the name itself says."""
    found = known.get(ref)
    if found is None and ref.lower().startswith(_LINK):
        link, _, name = ref.partition("#")
        found = known.get(f"{link.lower()}#{name}") or known.get(f"{link.lower()}#{unquote(name)}")
        ref = name
    if found is not None and (found.ids or found.hashes or found.title):
        return found
    plain = ref if names_something(ref) else unquote(ref)
    return Thing((plain,)) if names_something(plain) else None


def _versions(listed: list[Any], state: str) -> tuple[str, ...] | None:
    """Return the versions that are meant, none for all; None where what is said is about none of those listed.

    A version's status is *affected* unless stated (CycloneDX, `affects`). What denies may mean those that are not
    affected, or that those which carry the flaw cannot be attacked; what is mended is what is not affected any more.
    """
    told = [(text(one, "version") or text(one, "range"), text(one, "status") or "affected") for one in listed]
    told = [(version, status) for version, status in told if version]
    if not told:
        return ()
    fine = tuple(version for version, status in told if status == "unaffected")
    hit = tuple(version for version, status in told if status == "affected")
    if state == "fixed":
        return fine or hit or None
    if state == "not_affected":
        return (*fine, *hit) or None
    if state == "under_investigation":
        return tuple(version for version, status in told if status != "unaffected") or None
    return hit or None


def _parts(raw: dict[str, Any]) -> dict[str, Thing]:
    found: dict[str, Thing] = {}
    stack = [part_of(raw, "metadata").get("component"), *as_list(raw.get("components")), *as_list(raw.get("services"))]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack += [*as_list(one.get("components")), *as_list(one.get("services"))]
            part = _thing(one)
            if part and text(one, "bom-ref"):
                found[text(one, "bom-ref")] = part
    return found


def _thing(one: dict[str, Any]) -> Thing | None:
    ids = tuple(each for each in (text(one, "purl"), text(one, "cpe")) if each)
    ref = text(one, "bom-ref")
    if not ids and names_something(ref):
        ids = (ref,)
    digests = hashes((text(each, "alg"), text(each, "content")) for each in as_list(one.get("hashes")))
    version = text(one, "version")
    name = "/".join(part for part in (text(one, "group"), text(one, "name")) if part)
    return Thing(ids, () if ids or not version else (version,), digests, name) if ids or digests or name else None


def _tlp(about: dict[str, Any]) -> str:
    """Return the label that CycloneDX 1.7 gives a document (`distributionConstraints`)."""
    return text(part_of(about, "distributionConstraints"), "tlp").upper()[:20]
