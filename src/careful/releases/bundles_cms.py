"""Checking signatures on bundles: CMS (RFC 5652) with a certificate within or known, and bare signatures by known keys.

Whether the signer is one whom the product takes is asked elsewhere; here, whether the signature is what it claims.
"""

import hashlib
from collections.abc import Sequence

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from careful.kernel.errors import Invalid
from careful.releases.bundles_facts import Signer, text
from careful.releases.policy import Trusted, fingerprint, public_key

_MOST_SIGNERS = 8
_MOST_CERTIFICATES = 32
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


def check_cms(content: bytes, detached: bytes | None, known: Sequence[Trusted]) -> tuple[bytes, tuple[Signer, ...]]:
    """Return what a CMS signs, and everybody whose signature on it is good.

    `detached`: what it signs where it does not carry it. Raises Invalid where it is no CMS, or no signature is good.
    """
    try:
        info = cms.ContentInfo.load(content, strict=True)
        if info["content_type"].native != "signed_data":
            raise Invalid(f"The bundle's signature is CMS of another kind: {info['content_type'].native}.")
        signed = info["content"]
        inner = signed["encap_content_info"]["content"]
        said = detached if isinstance(inner, core.Void) or inner.native is None else bytes(inner.native)
        if said is None:
            raise Invalid("The bundle's signature signs nothing.")
        certificates = _certificates(signed, known)
        infos = list(signed["signer_infos"])[:_MOST_SIGNERS]
        good = [found for one in infos if (found := _signer(one, said, certificates)) is not None]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as broken:
        raise Invalid(f"The bundle's signature is no CMS: {text(broken, 200)}.") from broken
    if not good:
        raise Invalid("No signature on the bundle is good.", do="Sign it again; was it altered after it was signed?")
    return said, tuple(good)


def check_bare(content: bytes, signature: bytes, known: Sequence[Trusted]) -> Signer | None:
    """Return which of the known keys made a bare signature on `content`; None for none of them."""
    for one in known:
        key = public_key(one.pem)
        for way in _ways(key, "sha256"):
            if _verifies(key, signature, content, way):
                return Signer(fingerprint(key), text(one.name))
    return None


def _within(signed: cms.SignedData) -> list[x509.Certificate]:
    listed = list(signed["certificates"] or [])[:_MOST_CERTIFICATES]
    return [x509.load_der_x509_certificate(one.chosen.dump()) for one in listed if one.name == "certificate"]


def _certificates(signed: cms.SignedData, known: Sequence[Trusted]) -> list[x509.Certificate]:
    more = [x509.load_pem_x509_certificate(one.pem.encode()) for one in known if "BEGIN CERTIFICATE" in one.pem]
    return [*_within(signed), *more]


def _signer(info: cms.SignerInfo, said: bytes, certificates: Sequence[x509.Certificate]) -> Signer | None:
    """Return who made a signature, if it is good."""
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in _HASHES:
        return None
    attributes = info["signed_attrs"]
    signed = said
    if attributes and len(attributes):
        told = {one["type"].native: one["values"] for one in attributes}
        if "message_digest" not in told or told["message_digest"][0].native != hashlib.new(digest, said).digest():
            return None
        signed = attributes.untag().dump()  # signed is the SET itself (RFC 5652, section 5.4)
    for one in certificates:
        if not _is_meant(info["sid"], one):
            continue
        key = one.public_key()
        if any(_verifies(key, info["signature"].native, signed, way) for way in _ways(key, digest)):
            return Signer(fingerprint(key), _name(one.subject), _name(one.issuer), one.not_valid_after_utc.isoformat())
    return None


def _is_meant(sid: cms.SignerIdentifier, one: x509.Certificate) -> bool:
    if sid.name == "issuer_and_serial_number":
        chosen = sid.chosen
        return bool(chosen["serial_number"].native == one.serial_number) and chosen["issuer"].dump() == (
            one.issuer.public_bytes()
        )
    try:
        own = one.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, ValueError):
        return False
    return bool(sid.chosen.native == own)


Way = tuple[str, type[hashes.HashAlgorithm] | None]


def _ways(key: PublicKeyTypes, digest: str) -> list[Way]:
    if isinstance(key, rsa.RSAPublicKey):
        return [("pkcs1", _HASHES[digest]), ("pss", _HASHES[digest])]
    if isinstance(key, ec.EllipticCurvePublicKey):
        return [("ecdsa", _HASHES[digest])]
    return [("ed25519", None)] if isinstance(key, ed25519.Ed25519PublicKey) else []


def _verifies(key: PublicKeyTypes, signature: bytes, content: bytes, way: Way) -> bool:
    kind, algorithm = way
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            pss = padding.PSS(padding.MGF1(algorithm()), padding.PSS.AUTO)
            key.verify(signature, content, pss if kind == "pss" else padding.PKCS1v15(), algorithm())
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, content, ec.ECDSA(algorithm()))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return text(common[0].value if common else name.rfc4514_string(), 200)
