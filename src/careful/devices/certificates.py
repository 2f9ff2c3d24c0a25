"""X.509 with nothing else: read a request, build a certificate, build a revocation list, wrap a chain.

Bytes in, bytes out; who may have a certificate is decided in enrolment.py, who signs in authority.py.
Profiles follow RFC 5280; requests are PKCS#10 (RFC 2986); chains travel as certs-only CMS (RFC 8951, section 3.1).
"""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asn1crypto.core import IA5String
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from careful.devices.model import DEVICE_ID
from careful.kernel.errors import Invalid, TooLarge
from careful.kernel.keys import PrivateKey

DeviceKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

REQUEST_BYTES = 16 * 1024
_RSA_BITS = range(2048, 4097)
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_SIGNATURE_HASHES = ("sha256", "sha384", "sha512")
_SERIAL_CHARACTERS = 64
MUD_URL = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.25")
# Devices without a battery-backed clock are often a little behind.
_BACKDATE = timedelta(minutes=10)
# What the library raises over a request from a stranger; not all of them are ValueErrors.
_UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)  # fmt: skip
# What a request may ask for without harm; our own profile decides in the end.
_HARMLESS = (ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE, ExtensionOID.SUBJECT_KEY_IDENTIFIER)


@dataclass(frozen=True, slots=True)
class Request:
    """A certification request whose signature was checked: the asker holds the private key."""

    name: str
    serial: str | None
    public_key: DeviceKey
    key_sha256: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs, and where what it revoked is published."""

    certificate: x509.Certificate
    key: PrivateKey
    crl_url: str = ""


def read_request(der: bytes) -> Request:
    """Check a PKCS#10 request (DER) and return what it asks.

    Raises TooLarge above 16 KiB, and Invalid with a reason in `where` (`csr`, `csr.signature`, `csr.key`,
    `csr.subject` or `csr.extensions`) for everything that no certificate can be made of.
    """
    if len(der) > REQUEST_BYTES:
        raise TooLarge(f"The certificate request has {len(der)} bytes; {REQUEST_BYTES} are taken at most.", where="csr")
    try:
        request = x509.load_der_x509_csr(der)
        asked = list(request.extensions)
        subject = request.subject
    except _UNREADABLE as broken:
        raise Invalid(
            "The certificate request is not readable as PKCS#10.", do="Send it as DER, in Base64.", where="csr"
        ) from broken
    checked = _strong(_key(request))
    _check_signature(request)
    name = _name(subject)
    for extension in asked:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            _check_names(extension.value, name)
        elif extension.oid not in _HARMLESS:
            raise Invalid(
                f"The request asks for the extension {extension.oid.dotted_string}, which device certificates do not "
                "have.",
                do="Ask for a certificate without it.",
                where="csr.extensions",
            )
    return Request(name, _serial(subject), checked, key_digest(checked))


def _key(request: x509.CertificateSigningRequest) -> object:
    try:
        return request.public_key()
    except _UNREADABLE:
        return None


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    """Raise Invalid unless the request is signed by its own key, with a hash of today.

    The hash comes first: of a signature with SHA-1 the library says only that it is not valid.
    """
    try:
        algorithm = request.signature_hash_algorithm
        named = "" if algorithm is None or algorithm.name in _SIGNATURE_HASHES else algorithm.name.upper()
    except UnsupportedAlgorithm:
        named = f"the algorithm {request.signature_algorithm_oid.dotted_string}"
    if named:
        raise Invalid(
            f"The request is signed with {named}; SHA-256, SHA-384 and SHA-512 are taken.",
            do="Sign it with SHA-256.",
            where="csr.signature",
        )
    try:
        signed = request.is_signature_valid
    except _UNREADABLE:
        signed = False
    if not signed:
        raise Invalid(
            "The request is not signed by the key that it names.",
            do="Sign it with the private key whose public half is in it.",
            where="csr.signature",
        )


def _check_names(names: x509.SubjectAlternativeName, device: str) -> None:
    """Raise Invalid for a name that is not the device's own; its own is left aside, since the subject says it."""
    for name in names:
        if not _is_own(name, device):
            raise Invalid(
                f"The request asks for another name than the device's own, {device}.",
                do=f"Leave subjectAltName out, or name {device} alone in it: as DNS, as the end of a URI, or as CN.",
                where="csr.extensions",
            )


def _is_own(name: x509.GeneralName, device: str) -> bool:
    match name:
        case x509.DNSName():
            return bool(name.value == device)
        case x509.UniformResourceIdentifier():
            return re.split("[/:]", name.value)[-1] == device
        case x509.DirectoryName():
            return [one.value for one in name.value.get_attributes_for_oid(NameOID.COMMON_NAME)] == [device]
    return False


def _strong(key: object) -> DeviceKey:
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    # A small or even exponent is no key that any library makes; a huge modulus costs us more than the asker.
    if (
        isinstance(key, rsa.RSAPublicKey)
        and key.key_size in _RSA_BITS
        and key.public_numbers().e in range(65537, 2**33)
    ):
        return key
    raise Invalid(
        "The key is not of a kind we certify.",
        do="Use P-256 (best), P-384, Ed25519, or RSA of 2048 to 4096 bits.",
        where="csr.key",
    )


def _name(subject: x509.Name) -> str:
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1 or not isinstance(names[0].value, str) or not DEVICE_ID.fullmatch(names[0].value):
        raise Invalid(
            "The subject has no common name that could be a device id.",
            do="Set CN to the device id: 1 to 64 of A-Z a-z 0-9 _ -.",
            where="csr.subject",
        )
    return names[0].value


def _serial(subject: x509.Name) -> str | None:
    serials = subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if not serials:
        return None
    value = serials[0].value
    if len(serials) > 1 or not isinstance(value, str) or not (0 < len(value) <= _SERIAL_CHARACTERS and value.isascii()):
        raise Invalid("The subject's serial number is not one short text.", where="csr.subject")
    return value


def key_digest(key: DeviceKey) -> str:
    """Return the SHA-256 of the SubjectPublicKeyInfo, as hex: the name of a key, whatever wraps it."""
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def digest(der: bytes) -> str:
    """Return the SHA-256 of a certificate, as hex: its name everywhere in Careful."""
    return hashlib.sha256(der).hexdigest()


def new_serial() -> int:
    """Return a random positive serial number of 128 bits (RFC 5280, section 4.1.2.2, allows 159)."""
    return secrets.randbits(127) | (1 << 127)


def to_der(certificate: x509.Certificate) -> bytes:
    """Return the certificate's DER bytes."""
    return certificate.public_bytes(serialization.Encoding.DER)


def chain_cms(chain: Iterable[bytes]) -> bytes:
    """Wrap certificates (DER) as certs-only CMS, DER."""
    return pkcs7.serialize_certificates(
        [x509.load_der_x509_certificate(der) for der in chain], serialization.Encoding.DER
    )


def detached_cms(content: bytes, signer: x509.Certificate, key: PrivateKey, chain: Iterable[x509.Certificate]) -> bytes:
    """Sign `content` apart from it: CMS SignedData, DER, with the certificates that lead to the root."""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Invalid("A file is signed with a P-256 key.", where="profile_key")
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(signer, key, hashes.SHA256())
    for one in chain:
        builder = builder.add_certificate(one)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.sign(serialization.Encoding.DER, options)


def build_root(key: PrivateKey, name: str, now: datetime, life: timedelta) -> x509.Certificate:
    """Build the self-signed root of a certificate tree."""
    subject = _named(name)
    builder = _base(subject, subject, key.public_key(), now, life)
    return _sign(_as_authority(builder, path_length=1).add_extension(_ski(key.public_key()), critical=False), key)


def build_issuing(key: PrivateKey, name: str, root: Issuer, now: datetime, life: timedelta) -> x509.Certificate:
    """Build the authority that signs end certificates and nothing below (path length 0)."""
    builder = _base(_named(name), root.certificate.subject, key.public_key(), now, life)
    builder = _as_authority(builder, path_length=0).add_extension(_ski(key.public_key()), critical=False)
    return _sign(builder.add_extension(_aki(root.certificate), critical=False), root.key)


def build_device(
    request: Request, issuer: Issuer, now: datetime, life: timedelta, mud_url: str = ""
) -> x509.Certificate:
    """Build a device certificate: clientAuth only, named by the device id, no subjectAltName.

    With `mud_url` a network can read from it where the device's MUD file is (RFC 8520, section 11).
    """
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, request.name)]
    if request.serial:
        attributes.insert(0, x509.NameAttribute(NameOID.SERIAL_NUMBER, request.serial))
    builder = _base(x509.Name(attributes), issuer.certificate.subject, request.public_key, now, life)
    builder = _as_end(builder, request.public_key, issuer, ExtendedKeyUsageOID.CLIENT_AUTH)
    if mud_url:
        builder = builder.add_extension(x509.UnrecognizedExtension(MUD_URL, IA5String(mud_url).dump()), critical=False)
    return _sign(builder, issuer.key)


def build_signer(key: PrivateKey, name: str, issuer: Issuer, now: datetime, life: timedelta) -> x509.Certificate:
    """Build a certificate for signing files that anybody may check: emailProtection is what CMS tools ask for."""
    builder = _base(_named(name[:64]), issuer.certificate.subject, key.public_key(), now, life)
    return _sign(_as_end(builder, key.public_key(), issuer, ExtendedKeyUsageOID.EMAIL_PROTECTION), issuer.key)


def build_server(
    key: PrivateKey, names: Sequence[str], issuer: Issuer, now: datetime, life: timedelta
) -> x509.Certificate:
    """Build a server certificate for one or more DNS names and IP addresses."""
    subject = _named(names[0][:64])
    builder = _base(subject, issuer.certificate.subject, key.public_key(), now, life)
    builder = _as_end(builder, key.public_key(), issuer, ExtendedKeyUsageOID.SERVER_AUTH)
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    return _sign(builder.add_extension(alternatives, critical=False), issuer.key)


@dataclass(frozen=True, slots=True)
class Revoked:
    """One line of a revocation list; `why` is one of this file's `CRL_REASONS`."""

    serial: int
    at: datetime
    why: str


CRL_REASONS = {
    "revoked": x509.ReasonFlags.key_compromise,
    "superseded": x509.ReasonFlags.superseded,
    "retired": x509.ReasonFlags.cessation_of_operation,
    "quarantined": x509.ReasonFlags.certificate_hold,
}


def build_crl(revoked: Iterable[Revoked], issuer: Issuer, number: int, now: datetime, life: timedelta) -> bytes:
    """Build and sign a revocation list (RFC 5280, section 5), DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(now + life)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_aki(issuer.certificate), critical=False)
    )
    entries = [
        x509.RevokedCertificateBuilder()
        .serial_number(one.serial)
        .revocation_date(one.at)
        .add_extension(x509.CRLReason(CRL_REASONS[one.why]), critical=False)
        .build()
        for one in revoked
    ]
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, _hash(issuer.key)).public_bytes(serialization.Encoding.DER)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _base(
    subject: x509.Name, issuer: x509.Name, key: DeviceKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(new_serial())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life)
    )


def _as_authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        _usage(sign=False, authority=True), critical=True
    )


def _as_end(
    builder: x509.CertificateBuilder, key: DeviceKey, issuer: Issuer, purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(issuer.crl_url)], None, None, None)
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=True, authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(_ski(key), critical=False)
        .add_extension(_aki(issuer.certificate), critical=False)
        .add_extension(x509.CRLDistributionPoints([point]), critical=False)
    )


def _usage(*, sign: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _ski(key: DeviceKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key)


def _aki(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _hash(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _sign(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(key, _hash(key))
