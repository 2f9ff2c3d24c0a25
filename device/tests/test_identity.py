import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from simulated_maker import Authority

from careful_device.errors import AgentError
from careful_device.identity import Identity


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def identity(tmp_path):
    return Identity(tmp_path, "cam-1-001")


def certify(identity, authority, name="cam-1-001", key=None):
    request = x509.load_der_x509_csr(identity.request())
    return authority.issue(name, key or request.public_key())


def test_the_request_is_by_a_key_made_here(identity, tmp_path):
    request = x509.load_der_x509_csr(identity.request())
    assert request.is_signature_valid
    assert request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "cam-1-001"
    assert isinstance(request.public_key(), ec.EllipticCurvePublicKey)
    assert request.public_key().curve.name == "secp256r1"
    assert stat.S_IMODE((tmp_path / "identity.key.new").stat().st_mode) == 0o600


def test_a_request_made_again_is_by_the_same_key(identity, tmp_path):
    first = x509.load_der_x509_csr(identity.request()).public_key()
    assert x509.load_der_x509_csr(Identity(tmp_path, "cam-1-001").request()).public_key() == first


def test_a_damaged_pending_key_is_made_anew(identity, tmp_path):
    (tmp_path / "identity.key.new").write_text("rubbish")
    assert x509.load_der_x509_csr(identity.request()).is_signature_valid


def test_unborn(identity):
    assert identity.path() is None
    assert identity.certificate() is None


def test_the_first_certificate_is_used_at_once_with_its_chain(identity, authority, tmp_path):
    own = certify(identity, authority)
    found = identity.accept([authority.certificate, own])
    assert found.name == "cam-1-001"
    assert found.end == own.not_valid_after_utc.timestamp()
    assert identity.path() == tmp_path / "identity.pem"
    assert identity.certificate() == found
    text = (tmp_path / "identity.pem").read_text()
    assert text.count("BEGIN CERTIFICATE") == 2
    assert text.count("BEGIN PRIVATE KEY") == 1
    assert stat.S_IMODE((tmp_path / "identity.pem").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["identity.pem"]


def test_the_next_one_waits_beside_until_it_was_proved(identity, authority, tmp_path):
    identity.accept([certify(identity, authority)])
    first = (tmp_path / "identity.pem").read_bytes()
    identity.accept([certify(identity, authority)])
    assert (tmp_path / "identity.pem").read_bytes() == first
    assert identity.path() == tmp_path / "identity.pem.new"
    identity.proved(tmp_path / "identity.pem.new")
    assert identity.path() == tmp_path / "identity.pem"
    assert (tmp_path / "identity.pem").read_bytes() != first


def test_a_refused_next_one_is_dropped_but_never_the_only_one(identity, authority, tmp_path):
    identity.accept([certify(identity, authority)])
    identity.accept([certify(identity, authority)])
    assert identity.refused(tmp_path / "identity.pem.new")
    assert identity.path() == tmp_path / "identity.pem"
    assert not identity.refused(tmp_path / "identity.pem")
    assert identity.path() == tmp_path / "identity.pem"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("cam-1-002", None, id="another name"),
        pytest.param("cam-1-001", ec.generate_private_key(ec.SECP256R1()).public_key(), id="another key"),
    ],
)
def test_a_certificate_that_is_not_for_us_is_not_taken(identity, authority, name, key):
    with pytest.raises(AgentError, match="not for this device"):
        identity.accept([certify(identity, authority, name, key)])
    assert identity.path() is None


def test_an_empty_answer_is_not_taken(identity):
    with pytest.raises(AgentError):
        identity.accept([])


def test_a_damaged_certificate_is_none(identity, tmp_path):
    (tmp_path / "identity.pem").write_text("-----BEGIN CERTIFICATE-----\nrubbish\n")
    assert identity.certificate() is None
