"""Feeds of a few records and SBOMs of named packages, for every test of known flaws."""

import json
from collections.abc import Sequence
from typing import Any


def osv(
    name: str,
    package: str = "pillow",
    ranges: Sequence[tuple[str, str]] = (("0", "10.0.1"),),
    aliases: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return an OSV record of a PyPI package; each range is (introduced, fixed)."""
    events = [event for start, end in ranges for event in ({"introduced": start}, {"fixed": end})]
    return {
        "id": name,
        "modified": "2026-10-01T00:00:00Z",
        "aliases": list(aliases),
        "summary": f"{name} in {package}",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": package},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
        **more,
    }


def kev(*cves: str, released: str = "2026-11-02T00:00:00Z") -> dict[str, Any]:
    listed = [{"cveID": one, "dateAdded": "2026-11-01"} for one in cves]
    return {"catalogVersion": "1", "dateReleased": released, "count": len(listed), "vulnerabilities": listed}


def purls(*names: str) -> bytes:
    """Return an SBOM of PyPI packages, each `name==version`; without a version it states none."""
    components = []
    for one in names:
        name, _, version = one.partition("==")
        stated = {"version": version, "purl": f"pkg:pypi/{name}@{version}"} if version else {"purl": f"pkg:pypi/{name}"}
        components.append({"type": "library", "name": name} | stated)
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}).encode()
