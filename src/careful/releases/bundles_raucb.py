"""`.raucb`: a squashfs, then (verity, crypt) its hash tree, then a CMS and its length, for RAUC.

In these two formats the signed manifest is in the CMS itself, so the file system is never looked into. The older
format `plain` is refused: its signature covers the whole file, which has to be read before it is checked, and RAUC
itself could be led to check only a part of it (CVE-2026-34155).
"""

import configparser
import os
from collections.abc import Sequence
from typing import BinaryIO

from careful.kernel.errors import Invalid, Refused
from careful.releases.bundles_cms import check_cms
from careful.releases.bundles_facts import MOST_SIGNATURE, Bundle, Payload, text
from careful.releases.policy import Trusted

_LENGTH = 8
_MOST_SECTIONS = 256
_MOST_MORE = 64


def read(stream: BinaryIO, known: Sequence[Trusted]) -> Bundle:
    """Read a bundle. Raises Refused for the format `plain`, Invalid where it is none or its signature is not good."""
    signature = _signature(stream)
    try:
        content, signers = check_cms(signature, None, known)
    except Invalid as refusal:
        if "signs nothing" in refusal.what:
            raise Refused(
                "This RAUC bundle has the format `plain`, which is not taken.",
                do="Set `format=verity` under [bundle] in its manifest (RAUC 1.5 or newer).",
                where="image",
            ) from refusal
        raise
    manifest = _manifest(content)
    update = manifest["update"] if manifest.has_section("update") else {}
    form = manifest.get("bundle", "format", fallback="plain")
    if form not in {"verity", "crypt"}:
        raise Refused(f"This RAUC bundle has the format `{text(form, 20)}`, which is not taken.", do="Use verity.")
    return Bundle(
        format="raucb",
        version=text(update.get("version", ""), 64),
        names=tuple(text(update[key], 200) for key in ("compatible",) if key in update),
        signed=True,
        signers=signers,
        payloads=tuple(_payload(manifest, section) for section in manifest.sections() if section.startswith("image.")),
        more=_more(manifest),
    )


def has_signature(stream: BinaryIO) -> bool:
    """Tell whether a squashfs is followed by what looks like RAUC's signature."""
    try:
        return _signature(stream)[:1] == b"\x30"
    except Invalid:
        return False


def _signature(stream: BinaryIO) -> bytes:
    size = stream.seek(0, os.SEEK_END)
    if size <= _LENGTH:
        raise Invalid("This RAUC bundle is too short.", where="image")
    stream.seek(size - _LENGTH)
    length = int.from_bytes(stream.read(_LENGTH), "big")
    if not 0 < length <= min(MOST_SIGNATURE, size - _LENGTH):
        raise Invalid("This RAUC bundle has no signature at its end.", do="Is the file whole?", where="image")
    stream.seek(size - _LENGTH - length)
    return stream.read(length)


def _manifest(content: bytes) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=True)
    found.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep upper case
    try:
        found.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError) as broken:
        raise Invalid(f"The RAUC manifest cannot be read: {text(broken, 200)}.", where="manifest.raucm") from broken
    if len(found.sections()) > _MOST_SECTIONS:
        raise Invalid("The RAUC manifest has too many sections.", where="manifest.raucm")
    return found


def _payload(manifest: configparser.ConfigParser, section: str) -> Payload:
    said = manifest[section]
    size = said.get("size", "0")
    return Payload(
        name=text(said.get("filename", ""), 255),
        size=int(size) if size.isdecimal() and len(size) < 19 else 0,  # noqa: PLR2004 (digits of an int64)
        sha256=text(said.get("sha256", ""), 64),
        kind=text(section.removeprefix("image."), 64),
    )


def _more(manifest: configparser.ConfigParser) -> dict[str, str]:
    found = {
        key: text(manifest.get("update", key)) for key in ("description", "build") if manifest.has_option("update", key)
    }
    for section in manifest.sections():
        if section.startswith("meta."):
            found |= {text(f"{section}.{key}", 100): text(value) for key, value in manifest[section].items()}
    return dict(list(found.items())[:_MOST_MORE])
