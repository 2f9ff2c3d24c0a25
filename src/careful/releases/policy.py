"""What a product's releases must show before they are taken and signed. Pure.

[bundles]                                  # .swu, .raucb and .mender are read when they are handed in
signers = ["bundle-signer.pem"]            # certificates or public keys; none: any signer
names = ["Acme Camera 1"]                  # what a bundle may call its hardware, beside the release's own

[provenance]                               # who built it, as an in-toto attestation in a DSSE envelope
required = true
sources = ["git+https://git.example/acme/camera"]

[[provenance.builders]]
id = "https://ci.example/builders/release"
key = "builder.pem"

[deltas]
format = "lzma"                            # lzma, heatshrink (small devices) or off

Keys that are not known are refused: a misspelt rule would otherwise be no rule.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from careful.kernel.errors import CarefulError, Invalid, TooLarge

DeltaFormat = Literal["lzma", "heatshrink", "off"]
POLICY_BYTES = 256 << 10
_MOST = 64
_TEXT = 500
_FORMATS = ("lzma", "heatshrink", "off")
_PEM = re.compile(r"-----BEGIN (CERTIFICATE|PUBLIC KEY)-----")


@dataclass(frozen=True, slots=True)
class Trusted:
    """A key that is believed: PEM of a certificate or public key, and the SHA-256 of the key itself (SPKI)."""

    name: str
    pem: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Builder:
    """A builder by its SLSA id, and the key with which it signs."""

    id: str
    key: Trusted


@dataclass(frozen=True, slots=True)
class Policy:
    """What a product asks of its releases; the empty one asks nothing."""

    signers: tuple[Trusted, ...] = ()
    names: tuple[str, ...] = ()
    builders: tuple[Builder, ...] = ()
    sources: tuple[str, ...] = ()
    provenance_required: bool = False
    delta_format: DeltaFormat = "lzma"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> "Policy":
        """Return what was kept."""
        return Policy(
            signers=tuple(Trusted(**one) for one in plain["signers"]),
            names=tuple(plain["names"]),
            builders=tuple(Builder(one["id"], Trusted(**one["key"])) for one in plain["builders"]),
            sources=tuple(plain["sources"]),
            provenance_required=plain["provenance_required"],
            delta_format=plain["delta_format"],
        )


def public_key(pem: str) -> PublicKeyTypes:
    """Return the public key in PEM, of a certificate or bare. Raises Invalid."""
    try:
        content = pem.encode()
        found = _PEM.search(pem)
        if found is not None and found[1] == "CERTIFICATE":
            return x509.load_pem_x509_certificate(content).public_key()
        return serialization.load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm) as broken:
        raise Invalid("This is no certificate and no public key in PEM.", do="Write it with openssl.") from broken


def fingerprint(key: PublicKeyTypes) -> str:
    """Return the SHA-256 of a public key (DER, SubjectPublicKeyInfo), lower-case hex."""
    plain = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(plain).hexdigest()


def read(content: bytes, load: Callable[[str], str]) -> Policy:
    """Read a policy file (TOML). `load` returns the PEM that a key's entry names; an entry may also be the PEM itself.

    Raises Invalid naming the key, TooLarge.
    """
    if len(content) > POLICY_BYTES:
        raise TooLarge(f"A policy has at most {POLICY_BYTES} bytes.", where="policy")
    try:
        plain = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise Invalid(f"The policy is no TOML: {broken}.", where="policy") from broken
    _only(plain, ("bundles", "provenance", "deltas"), "")
    bundles, provenance, deltas = (_table(plain, name) for name in ("bundles", "provenance", "deltas"))
    _only(bundles, ("signers", "names"), "bundles.")
    _only(provenance, ("required", "sources", "builders"), "provenance.")
    _only(deltas, ("format",), "deltas.")
    builders = provenance.get("builders", [])
    if not isinstance(builders, list) or len(builders) > _MOST or not all(isinstance(one, dict) for one in builders):
        raise Invalid("provenance.builders: expected tables, each with id and key.", where="provenance.builders")
    required = provenance.get("required", False)
    if not isinstance(required, bool):
        raise Invalid("provenance.required: expected true or false.", where="provenance.required")
    form = deltas.get("format", "lzma")
    if form not in _FORMATS:
        raise Invalid(f"deltas.format: expected one of {', '.join(_FORMATS)}.", where="deltas.format")
    found = Policy(
        signers=tuple(_trusted(one, load, "bundles.signers") for one in _texts(bundles, "signers", "bundles.")),
        names=_texts(bundles, "names", "bundles."),
        builders=tuple(_builder(one, load) for one in builders),
        sources=_texts(provenance, "sources", "provenance."),
        provenance_required=required,
        delta_format=form,
    )
    if required and not found.builders:
        raise Invalid(
            "provenance.required: no builder is named, so no release could be signed.", where="provenance.builders"
        )
    return found


def _builder(plain: Mapping[str, Any], load: Callable[[str], str]) -> Builder:
    _only(plain, ("id", "key"), "provenance.builders.")
    named, key = plain.get("id"), plain.get("key")
    if not isinstance(named, str) or not 0 < len(named) <= _TEXT or not isinstance(key, str):
        raise Invalid("provenance.builders: expected id and key.", where="provenance.builders")
    return Builder(named, _trusted(key, load, "provenance.builders.key"))


def _trusted(entry: str, load: Callable[[str], str], where: str) -> Trusted:
    try:
        pem = entry if _PEM.search(entry) else load(entry)
        key = public_key(pem)
    except CarefulError as refusal:
        raise Invalid(f"{where}: {refusal.what}", do=refusal.do, where=where) from refusal
    name = "" if pem == entry else entry
    return Trusted(name[:_TEXT], pem, fingerprint(key))


def _table(plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = plain.get(name, {})
    if not isinstance(found, dict):
        raise Invalid(f"{name}: expected a table.", where=name)
    return found


def _texts(plain: Mapping[str, Any], name: str, inside: str) -> tuple[str, ...]:
    found = plain.get(name, [])
    good = isinstance(found, list) and len(found) <= _MOST
    if not good or not all(isinstance(one, str) and 0 < len(one) <= POLICY_BYTES for one in found):
        raise Invalid(f"{inside}{name}: expected a list of at most {_MOST} texts.", where=inside + name)
    return tuple(found)


def _only(plain: Mapping[str, Any], known: tuple[str, ...], inside: str) -> None:
    for name in plain:
        if name not in known:
            raise Invalid(f"{inside}{name}: no such key.", do=f"There are: {', '.join(known)}.", where=inside + name)
