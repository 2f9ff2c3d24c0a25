"""`.swu`: a cpio archive that begins with sw-description (libconfig or JSON) and its signature, for SWUpdate."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from careful.kernel.errors import Invalid
from careful.releases import bundles_libconfig
from careful.releases.bundles_archives import cpio
from careful.releases.bundles_cms import check_bare, check_cms
from careful.releases.bundles_facts import MOST_DESCRIPTION, MOST_SIGNATURE, Bundle, Payload, Signer, text
from careful.releases.policy import Trusted

_MOST_DEPTH = 32
_SEQUENCE = 0x30


def read(stream: BinaryIO, known: Sequence[Trusted]) -> Bundle:
    """Read a bundle. Raises Invalid where it is none, or its signature or a digest in it does not hold."""
    description = signature = b""
    digests: dict[str, tuple[int, str]] = {}
    for number, entry in enumerate(cpio(stream)):
        if number == 0 and entry.name != "sw-description":
            raise Invalid("A .swu begins with sw-description, and this one does not.", where="image")
        if entry.name == "sw-description" and not description:
            description = entry.read(MOST_DESCRIPTION)
        elif entry.name == "sw-description.sig" and not signature:
            signature = entry.read(MOST_SIGNATURE)
        else:
            digest = hashlib.sha256()
            for block in entry.blocks():
                digest.update(block)
            digests[entry.name] = (entry.size, digest.hexdigest())
    signers, remarks = _signers(description, signature, known)
    software = _software(description)
    payloads = tuple(_payloads(software, digests))
    altered = next((one.name for one in payloads if one.matches is False), None)
    if altered is not None:
        raise Invalid(f"{altered} in the bundle is not what sw-description says.", do="Build it again.", where="image")
    names = [
        text(one) for found in _find(software, "hardware-compatibility") if isinstance(found, list) for one in found
    ]
    if any(one.startswith("#RE:") for one in names):
        remarks.append("Hardware is given by a pattern (#RE:), which is not compared.")
    return Bundle(
        format="swu",
        version=text(software.get("version", ""), 64),
        names=tuple(dict.fromkeys(names)),
        signed=bool(signature),
        signers=signers,
        payloads=payloads,
        more={key: text(software[key]) for key in ("description", "name") if key in software},
        remarks=tuple(remarks),
    )


def _signers(description: bytes, signature: bytes, known: Sequence[Trusted]) -> tuple[tuple[Signer, ...], list[str]]:
    if not signature:
        return (), []
    if signature[0] == _SEQUENCE:  # CMS; a bare RSA signature begins so once in 256 times
        try:
            return check_cms(signature, description, known)[1], []
        except Invalid:
            found = check_bare(description, signature, known)
            if found is None:
                raise
            return (found,), []
    found = check_bare(description, signature, known)
    if found is None:
        return (), ["It is signed by a bare key that the product's policy does not name, so by whom is not known."]
    return (found,), []


def _software(description: bytes) -> dict[str, Any]:
    try:
        source = description.decode()
        plain = json.loads(source) if source.lstrip().startswith("{") else bundles_libconfig.read(source)
    except (ValueError, RecursionError) as broken:
        raise Invalid(
            f"sw-description cannot be read: {text(broken, 200)}.", do="Is it encrypted? Hand it in plain."
        ) from broken
    software = plain.get("software") if isinstance(plain, dict) else None
    if not isinstance(software, dict):
        raise Invalid("sw-description has no `software`.", where="sw-description")
    return software


def _payloads(software: dict[str, Any], digests: dict[str, tuple[int, str]]) -> Iterator[Payload]:
    seen = set()
    for group, found in _entries(software, "", 0):
        name = text(found["filename"], 255)
        if name in seen:
            continue
        seen.add(name)
        wanted = str(found.get("sha256", "")).lower()[:64]
        if name not in digests:
            raise Invalid(f"sw-description names {name}, which is not in the bundle.", where="image")
        size, sha256 = digests[name]
        kind = text(found.get("type", group.rstrip("s")), 64)
        yield Payload(name, size, sha256, kind, None if not wanted else wanted == sha256)


def _entries(plain: Any, group: str, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 (what was read)
    if depth > _MOST_DEPTH:
        return
    if isinstance(plain, dict):
        if isinstance(plain.get("filename"), str):
            yield group, plain
        for key, value in plain.items():
            yield from _entries(value, key, depth + 1)
    elif isinstance(plain, list):
        for value in plain:
            yield from _entries(value, group, depth + 1)


def _find(plain: Any, name: str, depth: int = 0) -> Iterator[Any]:  # noqa: ANN401 (what was read)
    if depth > _MOST_DEPTH or not isinstance(plain, (dict, list)):
        return
    if isinstance(plain, dict) and name in plain:
        yield plain[name]
    for value in plain.values() if isinstance(plain, dict) else plain:
        yield from _find(value, name, depth + 1)
