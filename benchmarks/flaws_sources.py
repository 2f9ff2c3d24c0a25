"""Public sources, each read plainly into rows of a flaw and its bounds; what is withdrawn is left out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from flaws_plain import Question, Said

_ANY = ("*", "-")
_CPE_PARTS = re.compile(r"(?<!\\):")
_BOUND = re.compile(r"(?:vers:[a-z]+/)?(<=|>=|<|>|=)?\s*[vV]?(\d+(?:\.\d+)*)")


def overrides(folder: Path) -> Iterator[tuple[tuple[str, str], Said]]:
    """Read the CPE configurations of corrections in NVD's form; AND and narrowed names are unclear."""
    for path in sorted(folder.rglob("*.json")):
        raw = json.loads(path.read_bytes())
        flaw = (raw.get("cve") or {}).get("id") or raw["_annotation"]["cve_id"]
        for configuration in (raw.get("cve") or raw).get("configurations", []):
            for node in configuration["nodes"]:
                for one in node["cpeMatch"]:
                    _, _, part, vendor, product, version, *rest = _CPE_PARTS.split(one["criteria"])
                    if part != "a" or not one.get("vulnerable"):
                        continue
                    yield (
                        (vendor, product),
                        Said(
                            flaw,
                            "" if version in _ANY else version,
                            one.get("versionStartIncluding") or "",
                            one.get("versionStartExcluding") or "",
                            one.get("versionEndIncluding") or "",
                            one.get("versionEndExcluding") or "",
                            clear=configuration.get("operator") != "AND"
                            and version != "-"
                            and all(each == "*" for each in rest),
                        ),
                    )


def bitnami(folder: Path) -> Iterator[tuple[tuple[str, str], Said]]:
    """Read the events of OSV ranges, pairwise as listed (no record here lists versions one by one)."""
    for path in sorted(folder.rglob("*.json")):
        raw = json.loads(path.read_bytes())
        for part in [] if raw.get("withdrawn") else raw.get("affected", []):
            name = ("bitnami", part["package"]["name"])
            for span in part.get("ranges", []):
                begun = ""
                for event in span["events"]:
                    if "introduced" in event:
                        begun = event["introduced"]
                        continue
                    end: dict[str, Any] = (
                        {"below": event["fixed"]} if "fixed" in event else {"most": event["last_affected"]}
                    )
                    yield name, Said(raw["id"], least=begun, **end)
                    begun = ""
                if begun:
                    yield name, Said(raw["id"], least=begun)


def oss_fuzz(folder: Path) -> list[Question]:
    """Ask about every tag that any record of a project lists: the flaws are those that list this very tag."""
    newest: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.yaml")):
        raw: dict[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        if raw["modified"] >= newest.get(raw["id"], raw)["modified"]:
            newest[raw["id"]] = raw
    listed: dict[tuple[str, str], dict[str, set[str]]] = {}
    for raw in newest.values():
        for part in [] if raw.get("withdrawn") else raw.get("affected", []):
            package = part["package"]
            given = f"pkg:{'pypi' if package['ecosystem'] == 'PyPI' else 'generic'}/{package['name']}"
            kind, _, name = package.get("purl", given).removeprefix("pkg:").partition("/")
            for tag in part.get("versions") or []:
                listed.setdefault((kind, name), {}).setdefault(str(tag), set()).add(raw["id"])
    return [Question(name, tag, wanted=flaws) for name, tags in listed.items() for tag, flaws in tags.items()]


def csaf(folder: Path) -> Iterator[tuple[tuple[str, str], Said]]:
    """Read product_status of CSAF documents: each product by vendor, name and one bound in numbers."""
    for path in sorted(folder.rglob("*.json")):
        raw = json.loads(path.read_bytes())
        products = dict(_csaf_products(raw.get("product_tree", {}).get("branches", []), {}))
        for flaw in raw.get("vulnerabilities", []):
            for status, names in flaw.get("product_status", {}).items():
                for name in names:
                    path_ = products.get(name, {})
                    written = path_.get("product_version_range") or path_.get("product_version") or ""
                    key = (_word(path_.get("vendor", "")), _word(path_.get("product_name", "")))
                    if "cve" in flaw and all(key):
                        yield key, _csaf_said(flaw["cve"], written, affected=status == "known_affected")


def _csaf_products(branches: list[Any], path: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    for branch in branches:
        here = {**path, branch["category"]: branch["name"]}
        if "product" in branch:
            yield branch["product"]["product_id"], here
        yield from _csaf_products(branch.get("branches", []), here)


def _csaf_said(flaw: str, written: str, *, affected: bool) -> Said:
    if written in {"*", "vers:all/*"}:
        return Said(flaw, affected=affected)
    bound = _BOUND.fullmatch(written.strip())
    if not bound:
        return Said(flaw, clear=False, affected=affected)
    place = {"<": "below", "<=": "most", ">": "above", ">=": "least"}.get(bound[1] or "=", "exact")
    bounds: dict[str, Any] = {place: bound[2]}
    return Said(flaw, affected=affected, **bounds)


def _word(text: str) -> str:
    return re.sub(r"([^a-z0-9_.\-])", r"\\\1", text.strip().lower().replace(" ", "_"))
