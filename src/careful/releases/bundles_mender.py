"""`.mender`: a tar archive with version, manifest, perhaps a signature, a packed header, and packed payloads.

The header is unpacked in memory, up to a limit; payloads stay packed.
"""

import base64
import binascii
import gzip
import hashlib
import io
import json
import lzma
import zlib
from collections.abc import Sequence
from typing import Any, BinaryIO

import zstandard

from careful.kernel.errors import Invalid, TooLarge
from careful.releases.bundles_archives import tar
from careful.releases.bundles_cms import check_bare
from careful.releases.bundles_facts import MOST_DESCRIPTION, MOST_SIGNATURE, Bundle, Payload, Signer, text
from careful.releases.policy import Trusted

MOST_HEADER = 16 << 20
_VERSIONS = (2, 3)
_HEADERS = ("header.tar", "header.tar.gz", "header.tar.xz", "header.tar.zst")
_MOST_MORE = 64
_MEMORY = 64 << 20


def read(stream: BinaryIO, known: Sequence[Trusted]) -> Bundle:
    """Read an artifact. Raises Invalid where it is none or does not fit its manifest, TooLarge for a bloated header."""
    kept: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    for entry in tar(stream):
        if entry.name in {"version", "manifest", "manifest.sig", *_HEADERS}:
            most = MOST_SIGNATURE if entry.name == "manifest.sig" else MOST_DESCRIPTION
            kept.setdefault(entry.name, entry.read(most))
        else:
            sizes[entry.name] = entry.size
    header = next((name for name in _HEADERS if name in kept), None)
    if header is None or "version" not in kept or "manifest" not in kept:
        raise Invalid("This Mender artifact lacks version, manifest or header.", where="image")
    _check_version(_json(kept["version"], "version"))
    wanted = _manifest(kept["manifest"])
    for name in ("version", header):
        if wanted.get(name) != hashlib.sha256(kept[name]).hexdigest():
            raise Invalid(f"{name} in the Mender artifact is not what its manifest says.", where="image")
    lacking = {path.split("/")[1] for path in wanted if path.startswith("data/")} - {_number(name) for name in sizes}
    if lacking:
        raise Invalid(f"The Mender artifact lacks the payload {min(lacking)}.", do="Is the file whole?", where="image")
    files = _header(kept[header], header)
    info = _json(files.get("header-info", b""), "header-info")
    provides, depends = _provides(info, files), _table(info.get("artifact_depends") or info)
    name = text(_table(info.get("artifact_provides")).get("artifact_name") or info.get("artifact_name", ""), 200)
    types = depends.get("device_type") or depends.get("device_types_compatible") or []
    kinds = [_table(one).get("type") for one in _list(info.get("payloads")) or _list(info.get("updates"))]
    signers, remarks = _signers(kept, known)
    return Bundle(
        format="mender",
        version=name,
        names=tuple(text(one, 200) for one in _list(types)),
        signed="manifest.sig" in kept,
        signers=signers,
        payloads=tuple(
            Payload(path.partition("/")[2], 0, digest, _kind(path, kinds))
            for path, digest in wanted.items()
            if path.startswith("data/")
        ),
        more=dict(list(provides.items())[:_MOST_MORE]),
        remarks=tuple(remarks),
    )


def _signers(kept: dict[str, bytes], known: Sequence[Trusted]) -> tuple[tuple[Signer, ...], list[str]]:
    if "manifest.sig" not in kept:
        return (), []
    try:
        signature = base64.b64decode(kept["manifest.sig"], validate=False)
    except binascii.Error as broken:
        raise Invalid("manifest.sig in the Mender artifact is no base64.", where="image") from broken
    found = check_bare(kept["manifest"], signature, known)
    if found is None:
        return (), ["It is signed by a key that the product's policy does not name, so by whom is not known."]
    return (found,), []


def _check_version(said: dict[str, Any]) -> None:
    if said.get("format") != "mender" or said.get("version") not in _VERSIONS:
        raise Invalid(f"Only Mender artifacts of version {_VERSIONS} are read.", where="image")


def _manifest(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition(" ")
        found[text(name.strip(), 255)] = text(digest.lower(), 64)
    return found


def _header(packed: bytes, name: str) -> dict[str, bytes]:
    plain = unpacked(packed, name)
    return {entry.name: entry.read(MOST_HEADER) for entry in tar(io.BytesIO(plain))}


def unpacked(packed: bytes, name: str, most: int = MOST_HEADER) -> bytes:
    """Return what was packed, up to `most` bytes. Raises TooLarge beyond, Invalid where it is damaged."""
    stream = io.BytesIO(packed)
    try:
        if name.endswith(".gz"):
            plain = gzip.GzipFile(fileobj=stream).read(most + 1)
        elif name.endswith(".xz"):
            plain = lzma.LZMADecompressor(memlimit=_MEMORY).decompress(packed, most + 1)
        elif name.endswith(".zst"):
            plain = zstandard.ZstdDecompressor(max_window_size=_MEMORY).stream_reader(stream).read(most + 1)
        else:
            plain = packed
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, MemoryError) as broken:
        raise Invalid(f"{name} in the bundle is damaged: {text(broken, 100)}.", where="image") from broken
    if len(plain) > most:
        raise TooLarge(f"{name} in the bundle unpacks to more than {most} bytes.", where="image")
    return plain


def _provides(info: dict[str, Any], files: dict[str, bytes]) -> dict[str, str]:
    found = {text(key, 100): text(value) for key, value in _table(info.get("artifact_provides")).items()}
    for name, content in files.items():
        if name.startswith("headers/") and name.endswith("/type-info"):
            said = _table(_json(content, name).get("artifact_provides"))
            found |= {text(key, 100): text(value) for key, value in said.items()}
    return found


def _number(name: str) -> str:
    """Return the number in data/0000.tar.gz; empty for any other name."""
    return name[5:].partition(".tar")[0] if name.startswith("data/") else ""


def _kind(path: str, kinds: list[Any]) -> str:
    number = path.split("/")[1]
    place = int(number) if number.isdecimal() and len(number) == 4 else 0  # noqa: PLR2004 (0000, 0001, …)
    return text(kinds[place], 64) if place < len(kinds) and kinds[place] else ""


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        return _table(json.loads(content))
    except (ValueError, RecursionError) as broken:
        raise Invalid(f"{name} in the Mender artifact is no JSON.", where="image") from broken


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
