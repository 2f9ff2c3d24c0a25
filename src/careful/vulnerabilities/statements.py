"""Reading what others say of flaws in what they supply: OpenVEX, CSAF 2.0, CycloneDX VEX (JSON and XML); pure.

Every statement of a document is returned, or refused with its place and the reason. What is said to be not affected
needs a reason (OpenVEX 0.2.0, "Status Justifications"; CSAF 2.0 section 4.5; CycloneDX `analysis`).
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities.feeds.record import moment
from careful.vulnerabilities.said import csaf, cyclonedx, cyclonedx_xml, openvex
from careful.vulnerabilities.said.model import TEXT, Document, Head, Said, part_of

__all__ = ["MOST_BYTES", "MOST_STATEMENTS", "Document", "Said", "read_statements"]

MOST_BYTES = 64 << 20
MOST_STATEMENTS = 200_000
_MARK = b"\xef\xbb\xbf"
_DO = "Hand in OpenVEX, CSAF 2.0 or CycloneDX VEX, as JSON (CycloneDX also as XML)."


def read_statements(content: bytes, boms: Sequence[bytes] = ()) -> Document:
    """Read a document; `boms` are the SBOMs into which it may point by BOM-Link. Raises Invalid, Refused, TooLarge."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"A VEX document may have {MOST_BYTES >> 20} MiB.", where="vex")
    raw = _unwrapped(_decoded(content))
    reader = next((reader for sign, reader in _READERS if sign(raw)), None)
    if reader is None:
        raise Invalid("This is no VEX document that is read.", do=_DO, where="vex")
    head, statements = reader(raw, boms)
    said = []
    for number, one in enumerate(statements):
        if number >= MOST_STATEMENTS:
            raise TooLarge(f"A VEX document may have {MOST_STATEMENTS:,} statements.", where="vex")
        said.append(one)
    return Document(
        form=head.form,
        id=head.id[:TEXT],
        author=head.author[:TEXT],
        at=moment(head.at),
        said=tuple(said),
        version=head.version[:TEXT],
        tlp=head.tlp,
    )


def _decoded(content: bytes) -> dict[str, Any]:
    plain = content.removeprefix(_MARK)
    if plain.lstrip()[:1] == b"<":
        return cyclonedx_xml.as_json(content)
    try:
        raw = msgspec.json.decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid(f"This is no JSON: {wrong}.", do=_DO, where="vex") from wrong
    if not isinstance(raw, dict):
        raise Invalid("This is no VEX document.", do=_DO, where="vex")
    return raw


def _unwrapped(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what a signed envelope (DSSE) holds. Its signature is not checked: whoever hands it in vouches for it."""
    payload = raw.get("payload")
    if not isinstance(payload, str) or "payloadType" not in raw:
        return raw
    try:
        return _decoded(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError) as wrong:
        raise Invalid(f"The envelope's payload is no base64: {wrong}.", do=_DO, where="$.payload") from wrong


_Read = tuple[Head, Iterator[Said]]


def _openvex(raw: dict[str, Any], _: Sequence[bytes]) -> _Read:
    return openvex.head(raw), openvex.read(raw)


def _attested(raw: dict[str, Any], _: Sequence[bytes]) -> _Read:
    inner = part_of(raw, "predicate")
    return openvex.head(inner), openvex.read(inner, openvex.attested(raw))


def _csaf(raw: dict[str, Any], _: Sequence[bytes]) -> _Read:
    return csaf.head(raw), csaf.read(raw)


def _cyclonedx(raw: dict[str, Any], boms: Sequence[bytes]) -> _Read:
    return cyclonedx.head(raw), cyclonedx.read(raw, filter(None, map(_bom, boms)))


def _bom(content: bytes) -> dict[str, Any] | None:
    """Return an SBOM as JSON, None where it is no CycloneDX: nothing can point into it."""
    try:
        raw = _decoded(content)
    except Invalid:
        return None
    return raw if raw.get("bomFormat") == "CycloneDX" else None


_READERS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], Sequence[bytes]], _Read]], ...] = (
    (lambda raw: "openvex" in str(raw.get("predicateType", ""))[:200], _attested),
    (lambda raw: "openvex" in str(raw.get("@context", ""))[:200], _openvex),
    (lambda raw: isinstance(raw.get("document"), dict) and "csaf_version" in raw["document"], _csaf),
    (lambda raw: raw.get("bomFormat") == "CycloneDX" and "vulnerabilities" in raw, _cyclonedx),
)
"""By what each form is known, and who reads it."""
