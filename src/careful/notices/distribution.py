"""How CSAF files are found: a folder a year with index and changes, a ROLIE feed, and who provides them; pure.

CSAF 2.0 section 7.1, by the numbers of its requirements: 7 provider metadata, 11 folders, 12 index.txt, 13 changes.csv,
15 ROLIE feed (RFC 8322 as JSON), 18 hash files, 19 signatures, 20 the key that proves them. With all of these the role
is trusted provider; while a file has no signature, provider; where files come without TLS (3), publisher.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from careful.kernel.clock import iso
from careful.notices.model import Advisory

HASHES = ("sha256", "sha512")
SIGNATURE = "asc"
INDEX, CHANGES, FEED, PROVIDER = "index.txt", "changes.csv", "feed-tlp-white.json", "provider-metadata.json"
_INFORMATION_TYPE = {"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}
_FORMAT = {"schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", "version": "2.0"}


def base(site: str) -> str:
    """Return the address under which everything is, with its slash; `site` is the public site's root."""
    return f"{site}/csaf/"


def filename(advisory_id: str) -> str:
    """Return the file's name: the tracking id in small letters (section 5.1). Ours hold nothing else to replace."""
    return f"{advisory_id.lower()}.json"


def path(advisory_id: str, published: datetime) -> str:
    """Return where the file is below `base`: in the folder of the year of its first release."""
    return f"{published.year:04}/{filename(advisory_id)}"


def listed(advisories: Sequence[Advisory]) -> dict[str, Advisory]:
    """Return what was published by its file's path, the latest first."""
    out = [(one.published_at, path(one.id, one.published_at), one) for one in advisories if one.published_at]
    return {name: one for _, name, one in sorted(out, key=lambda found: found[:2], reverse=True)}


def key_file(fingerprint: str) -> str:
    """Return where the public key is below `base`."""
    return f"openpgp-{fingerprint}.{SIGNATURE}"


def _endings(one: Advisory) -> list[str]:
    return [f".{name}" for name in (*HASHES, *([SIGNATURE] if one.signed_by else []))]


def _keys(advisories: Sequence[Advisory]) -> list[str]:
    return sorted({one.signed_by for one in advisories if one.published_at and one.signed_by})


def paths(advisories: Sequence[Advisory]) -> list[str]:
    """Return the paths of all files, those beside the advisories' own among them."""
    files = [name + ending for name, one in listed(advisories).items() for ending in ("", *_endings(one))]
    return [INDEX, CHANGES, FEED, *map(key_file, _keys(advisories)), *files]


def index(advisories: Sequence[Advisory]) -> bytes:
    """Return index.txt: every file's path, one a line."""
    return "".join(f"{name}\n" for name in listed(advisories)).encode()


def changes(advisories: Sequence[Advisory]) -> bytes:
    """Return changes.csv: every file's path and current release date, the latest first."""
    found = listed(advisories).items()
    return "".join(f'"{name}","{iso(one.published_at)}"\n' for name, one in found if one.published_at).encode()


def hash_line(content: bytes, algorithm: str, advisory_id: str) -> bytes:
    """Return a hash file's content: the digest, two spaces, the file's name, as `sha256sum -c` reads it."""
    return f"{hashlib.new(algorithm, content).hexdigest()}  {filename(advisory_id)}\n".encode()


def rolie(advisories: Sequence[Advisory], *, maker: str, site: str, updated: datetime) -> bytes:
    """Return the ROLIE feed of all we publish, which is TLP:WHITE. `updated` serves while there is nothing in it."""
    out = [one for one in advisories if one.published_at]
    feed = {
        "id": "csaf-feed-tlp-white",
        "title": f"{maker}: security advisories (TLP:WHITE)",
        "link": [{"rel": "self", "href": base(site) + FEED}],
        "category": [_INFORMATION_TYPE],
        "updated": iso(max((one.published_at for one in out if one.published_at), default=updated)),
        "entry": [_entry(one, one.published_at, base(site)) for one in out if one.published_at],
    }
    return _json({"feed": feed})


def _entry(one: Advisory, published: datetime, root: str) -> dict[str, Any]:
    url = root + path(one.id, published)
    return {
        "id": one.id,
        "title": one.title,
        "link": [
            {"rel": "self", "href": url},
            *({"rel": "hash", "href": f"{url}.{algorithm}"} for algorithm in HASHES),
            *([{"rel": "signature", "href": f"{url}.{SIGNATURE}"}] if one.signed_by else []),
        ],
        "published": iso(published),
        "updated": iso(published),
        "summary": {"content": one.summary},
        "content": {"type": "application/json", "src": url},
        "format": _FORMAT,
    }


def provider(advisories: Sequence[Advisory], *, maker: str, site: str, updated: datetime) -> bytes:
    """Return provider-metadata.json. `updated` serves while nothing is published."""
    out = [one for one in advisories if one.published_at]
    said = [one.published_at for one in out if one.published_at]
    keys = [{"fingerprint": name, "url": base(site) + key_file(name)} for name in _keys(advisories)]
    role = "csaf_trusted_provider" if out and all(one.signed_by for one in out) else "csaf_provider"
    feed = {
        "summary": f"All security advisories of {maker}.",
        "tlp_label": "WHITE",
        "url": base(site) + FEED,
    }
    return _json(
        {
            "canonical_url": f"{site}/.well-known/csaf/provider-metadata.json",
            "distributions": [{"rolie": {"feeds": [feed]}}, {"directory_url": base(site)}],
            "last_updated": iso(max(said, default=updated)),
            "list_on_CSAF_aggregators": False,
            "metadata_version": "2.0",
            "mirror_on_CSAF_aggregators": False,
            "public_openpgp_keys": keys,
            "publisher": {"category": "vendor", "name": maker, "namespace": site},
            "role": role if site.startswith("https://") else "csaf_publisher",
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
