"""Requests that are refused and why; certificates, lists and chains as OpenSSL reads them."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from careful.devices import certificates
from careful.devices.certificates import Issuer, Revoked
from careful.kernel.errors import CarefulError, Invalid, TooLarge

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def request(
    key: Any = None, name: Any = "cam-1-001", extension: Any = None, algorithm: Any = None, extra: Any = ()
) -> bytes:
    names = name if isinstance(name, list) else [name]
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, one) for one in names] + list(extra)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    unhashed = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return builder.sign(key or p256(), None if unhashed else algorithm or hashes.SHA256()).public_bytes(Encoding.DER)


def forged() -> bytes:
    """Return a request whose signature belongs to another key."""
    der = bytearray(request())
    der[-1] ^= 1
    return bytes(der)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    root_key, key = p256(), p256()
    root = certificates.build_root(root_key, "root", NOW, 20 * YEAR)
    issuing = certificates.build_issuing(key, "issuing", Issuer(root, root_key), NOW, 5 * YEAR)
    return Issuer(issuing, key, "https://localhost:8444/crl")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(p256(), id="P-256"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="Ed25519"),
        pytest.param(rsa.generate_private_key(65537, 2048), id="RSA 2048"),
    ],
)
def test_good_keys_are_taken(key: Any) -> None:
    asked = certificates.read_request(request(key))
    assert asked.name == "cam-1-001"
    assert asked.key_sha256 == certificates.key_digest(key.public_key())


SERIAL = NameOID.SERIAL_NUMBER


@pytest.mark.parametrize(
    ("der", "where"),
    [
        pytest.param(b"", "csr", id="nothing"),
        pytest.param(b"\x30\x00", "csr", id="empty sequence"),
        pytest.param(b"\xff" * 400, "csr", id="noise"),
        pytest.param(forged(), "csr.signature", id="no proof of possession"),
        pytest.param(request(rsa.generate_private_key(65537, 1024)), "csr.key", id="RSA 1024"),  # noqa: S505 (weak on purpose)
        pytest.param(request(rsa.generate_private_key(3, 2048)), "csr.key", id="RSA exponent 3"),
        pytest.param(request(ec.generate_private_key(ec.SECP224R1())), "csr.key", id="P-224"),
        pytest.param(request(ec.generate_private_key(ec.SECP521R1())), "csr.key", id="P-521"),
        pytest.param(request(ec.generate_private_key(ec.SECP256K1())), "csr.key", id="secp256k1"),
        pytest.param(request(ed448.Ed448PrivateKey.generate()), "csr.key", id="Ed448"),
        pytest.param(request(algorithm=hashes.SHA224()), "csr.signature", id="SHA-224"),
        pytest.param(request(name=[]), "csr.subject", id="no name"),
        pytest.param(request(name=["a", "b"]), "csr.subject", id="two names"),
        pytest.param(request(name="a/b"), "csr.subject", id="a topic level too many"),
        pytest.param(request(name="+"), "csr.subject", id="wildcard"),
        pytest.param(request(name="é"), "csr.subject", id="not ASCII"),
        pytest.param(
            request(extra=[x509.NameAttribute(SERIAL, "é", _ASN1Type.UTF8String)]), "csr.subject", id="serial not ASCII"
        ),
        pytest.param(
            request(extra=[x509.NameAttribute(SERIAL, "1"), x509.NameAttribute(SERIAL, "2")]),
            "csr.subject",
            id="two serials",
        ),
        pytest.param(request(extension=x509.BasicConstraints(True, None)), "csr.extensions", id="wants to be a CA"),
        pytest.param(
            request(extension=x509.SubjectAlternativeName([x509.DNSName("x.example")])),
            "csr.extensions",
            id="wants another name",
        ),
    ],
)
def test_bad_requests_are_refused_with_the_place(der: bytes, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        certificates.read_request(der)
    assert refused.value.where == where


def named(*names: x509.GeneralName) -> bytes:
    return request(extension=x509.SubjectAlternativeName(names))


def directory(*names: str) -> x509.DirectoryName:
    return x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one) for one in names]))


OWN = [x509.DNSName("cam-1-001"), x509.UniformResourceIdentifier("urn:dev:cam-1-001"), directory("cam-1-001")]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(OWN[:1], id="DNS"),
        pytest.param([x509.UniformResourceIdentifier("cam-1-001")], id="URI, bare"),
        pytest.param([x509.UniformResourceIdentifier("spiffe://hearth.example/cam-1-001")], id="URI with a path"),
        pytest.param(OWN[2:], id="directoryName"),
        pytest.param(OWN, id="all of them"),
    ],
)
def test_its_own_name_a_second_time_does_no_harm(issuer: Issuer, names: list[x509.GeneralName]) -> None:
    asked = certificates.read_request(named(*names))
    assert asked.name == "cam-1-001"
    made = certificates.build_device(asked, issuer, NOW, timedelta(days=30))
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.SubjectAlternativeName)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(x509.DNSName("cam-1-002"), id="DNS"),
        pytest.param(x509.DNSName("CAM-1-001"), id="in other letters it is another device"),
        pytest.param(x509.UniformResourceIdentifier("urn:dev:cam-1-002"), id="URI"),
        pytest.param(x509.UniformResourceIdentifier("urn:dev:xcam-1-001"), id="URI that only ends like it"),
        pytest.param(x509.UniformResourceIdentifier("https://cam-1-002/?cam-1-001"), id="URI with it in the query"),
        pytest.param(directory("cam-1-002"), id="directoryName"),
        pytest.param(directory("cam-1-001", "cam-1-002"), id="directoryName with two"),
        pytest.param(x509.RFC822Name("cam-1-001@hearth.example"), id="e-mail"),
        pytest.param(x509.RegisteredID(NameOID.COMMON_NAME), id="registered id"),
    ],
)
def test_another_name_is_refused_also_beside_its_own(name: x509.GeneralName) -> None:
    for names in ([name], [*OWN, name]):
        with pytest.raises(Invalid, match="another name than the device's own, cam-1-001") as refused:
            certificates.read_request(named(*names))
        assert refused.value.where == "csr.extensions"
        assert "Leave subjectAltName out" in refused.value.do


@pytest.mark.parametrize("kind", ["rsa:2048", "ec"])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha3-256"])
def test_a_weak_signature_is_told_which_hash_is_wanted(tmp_path: Path, kind: str, algorithm: str) -> None:
    """As OpenSSL makes them, since the library at hand refuses to."""
    if kind == "ec" and algorithm == "md5":
        pytest.skip("there is no ECDSA with MD5")
    made = tmp_path / "csr.der"
    options = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
    subprocess.run(
        ["openssl", "req", "-new", "-newkey", kind, *options, "-nodes", "-keyout", "/dev/null", "-subj",
         "/CN=cam-1-001", f"-{algorithm}", "-outform", "DER", "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    with pytest.raises(Invalid, match=f"signed with {algorithm.upper()}; SHA-256, SHA-384 and SHA-512") as refused:
        certificates.read_request(made.read_bytes())
    assert (refused.value.where, refused.value.do) == ("csr.signature", "Sign it with SHA-256.")


def test_an_over_long_request_is_refused_unread() -> None:
    with pytest.raises(TooLarge):
        certificates.read_request(request() + bytes(certificates.REQUEST_BYTES))


@given(st.binary(max_size=600))
def test_any_bytes_are_refused_in_words(noise: bytes) -> None:
    with pytest.raises(CarefulError):
        certificates.read_request(noise)


@example(7, 1)  # its version
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_request_with_one_other_byte_is_refused_or_says_the_same(place: int, byte: int) -> None:
    der = bytearray(REQUEST)
    der[place % len(der)] = byte
    try:
        asked = certificates.read_request(bytes(der))
    except CarefulError:
        return
    assert asked == certificates.read_request(REQUEST)


REQUEST = request()


def test_a_device_certificate_is_for_clients_and_nothing_else(issuer: Issuer) -> None:
    extra = [x509.NameAttribute(SERIAL, "SN-1")]
    asked = certificates.read_request(request(extra=extra))
    made = certificates.build_device(asked, issuer, NOW, timedelta(days=30))
    purposes = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert made.subject.rfc4514_string() == "CN=cam-1-001,2.5.4.5=SN-1"
    assert [one.dotted_string for one in purposes] == ["1.3.6.1.5.5.7.3.2"]
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert made.not_valid_after_utc == NOW + timedelta(days=30)
    assert made.serial_number.bit_length() == 128
    made.verify_directly_issued_by(issuer.certificate)


def test_a_server_certificate_carries_names_and_addresses(issuer: Issuer) -> None:
    made = certificates.build_server(p256(), ("localhost", "127.0.0.1", "::1"), issuer, NOW, YEAR)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1", "::1"]


def test_the_issuing_authority_signs_nothing_below(issuer: Issuer) -> None:
    constraints = issuer.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)


@pytest.mark.parametrize("why", sorted(certificates.CRL_REASONS))
def test_openssl_reads_the_revocation_list(issuer: Issuer, tmp_path: Path, why: str) -> None:
    der = certificates.build_crl([Revoked(0xCAFE, NOW, why)], issuer, 7, NOW, timedelta(days=7))
    authority = tmp_path / "issuing.pem"
    authority.write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
    said = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-noout", "-text", "-CAfile", str(authority)],
        input=der,
        capture_output=True,
        check=True,
    )
    assert b"Serial Number: CAFE" in said.stdout
    assert b"verify OK" in said.stderr


def test_a_chain_travels_as_cms_and_comes_back(issuer: Issuer) -> None:
    der = certificates.to_der(issuer.certificate)
    assert pkcs7.load_der_pkcs7_certificates(certificates.chain_cms([der])) == [issuer.certificate]
