"""Who gets as far as TLS, and what TLS says of them."""

import socket
import ssl
import subprocess

import pytest

from careful import devices
from careful.entrypoints.gateway.mqtt.tls import peer_of, tls_context


@pytest.fixture
def strangers(tmp_path):
    """A certificate that names one of our devices, made by somebody else."""
    key, certificate = tmp_path / "other.key", tmp_path / "other.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
         "/CN=cam-1-001", "-days", "1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def shake(gateway, context):
    """Shake hands and say something: with TLS 1.3 a client learns of a refusal only after its own last word."""
    with (
        socket.create_connection(("localhost", gateway.port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as made,
    ):
        made.sendall(b"\x10\x00")
        if not made.recv(1):
            raise ConnectionError("closed without a word")


def test_without_a_certificate_there_is_no_connection(gateway, world, refused):
    context = ssl.create_default_context(cafile=devices.authority_bundle_path(world))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(gateway, context)
    assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in refused("", "handshake").detail


def test_a_certificate_of_somebody_else_is_none(gateway, world, strangers):
    context = ssl.create_default_context(cafile=devices.authority_bundle_path(world))
    context.load_cert_chain(*strangers)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(gateway, context)


def test_our_server_certificate_is_no_device(gateway, world):
    key, chain = devices.issue_server_certificate(world)
    context = ssl.create_default_context(cafile=devices.authority_bundle_path(world))
    context.load_cert_chain(chain, key)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(gateway, context)


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param("AES128-SHA256", id="no forward secrecy"),
        pytest.param("ECDHE-ECDSA-AES128-SHA256", id="CBC"),
    ],
)
def test_weak_suites_are_refused(gateway, suite):
    context = gateway.make("cam-1-001").context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(gateway, context)


def test_tls_1_2_works_and_leaves_nothing_to_resume(gateway):
    who = gateway.make("cam-1-001")
    context = who.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    one = gateway.join(who, context=context)
    assert one.socket.version() == "TLSv1.2"
    assert not one.socket.session.has_ticket


def test_tls_1_1_is_refused(gateway):
    command = ["openssl", "s_client", "-connect", f"localhost:{gateway.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    assert done.returncode != 0
    assert b"Cipher is (NONE)" in done.stdout


def test_the_context_wants_a_certificate(world):
    key, chain = devices.issue_server_certificate(world)
    context = tls_context(key, chain, devices.authority_bundle_path(world))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.num_tickets == 0


class NoConnection:
    def get_extra_info(self, _name):
        return None


def test_a_connection_that_ended_has_no_peer():
    with pytest.raises(ConnectionError):
        peer_of(NoConnection())
