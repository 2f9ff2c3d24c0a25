"""Enrolment from outside: openssl makes keys and requests, curl speaks EST with the real server."""

import base64
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from careful import devices
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.work import World

EST = "/.well-known/est"
ROOT = Path(__file__).parents[4]
GUIDE = ROOT / "docs/enrolment.md"


@pytest.mark.parametrize("label", ["", "/cam-1"])
def test_cacerts_are_the_chain_that_openssl_verifies(client: Any, world: World, label: str) -> None:
    answer = client.get(f"{EST}{label}/cacerts")
    assert answer.status == 200
    assert "application/pkcs7-mime" in answer.headers
    assert "content-transfer-encoding: base64" in answer.headers.lower()
    listed = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-print_certs", "-noout"],
        input=base64.b64decode(answer.body),
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "Careful root" in listed
    assert "Careful issuing" in listed
    assert answer.certificate() in devices.authority_chain(world)


def test_csrattrs_name_p256(client: Any) -> None:
    answer = client.get(f"{EST}/csrattrs")
    parsed = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER"], input=base64.b64decode(answer.body), capture_output=True, check=True
    ).stdout.decode()
    assert answer.status == 200
    assert "prime256v1" in parsed
    assert "ecdsa-with-SHA256" in parsed


def test_a_device_enrols_uses_renews_and_the_old_certificate_ends(client: Any, world: World, token: str) -> None:
    first = client.enrol("cam-1-001", token)
    assert first.status == 200, first.text
    old = client.keep(first.certificate(), "device")
    verified = subprocess.run(
        ["openssl", "verify", "-CAfile", str(client.trust), "-purpose", "sslclient", str(old)],
        capture_output=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout
    csr = base64.b64encode(client.request("cam-1-001", "second").read_bytes())
    renewed = client.post(f"{EST}/cam-1/simplereenroll", csr, *client.with_certificate())
    assert renewed.status == 200, renewed.text
    client.keep(renewed.certificate(), "second")
    # The old one is good until the new one has been used once.
    again = client.post(f"{EST}/simplereenroll", csr, *client.with_certificate())
    assert again.status == 200
    devices.identify(world, renewed.certificate())
    refused = client.post(f"{EST}/simplereenroll", csr, *client.with_certificate())
    assert (refused.status, refused.text) == (403, "This certificate was superseded.\n")
    assert devices.get(world, "cam-1-001").state == "active"


def test_a_replayed_token_is_refused(client: Any, token: str) -> None:
    assert client.enrol("cam-1-001", token).status == 200
    replay = client.enrol("cam-1-001", token, key="other")
    assert replay.status == 401
    assert "has been used" in replay.text
    assert 'www-authenticate: basic realm="enrolment"' in replay.headers.lower()


@pytest.mark.parametrize("end", ["quarantine", "revoke", "retire"])
def test_a_device_that_was_cut_off_cannot_renew(client: Any, world: World, staff: Actor, token: str, end: str) -> None:
    client.keep(client.enrol("cam-1-001", token).certificate(), "device")
    getattr(devices, end)(world, staff, "cam-1-001", "stolen")
    csr = base64.b64encode(client.request("cam-1-001", "second").read_bytes())
    refused = client.post(f"{EST}/simplereenroll", csr, *client.with_certificate())
    assert refused.status == 403


def test_an_expired_certificate_reaches_renewal_within_the_grace_and_not_after(
    client: Any, world: World, clock: ManualClock, token: str
) -> None:
    client.keep(client.enrol("cam-1-001", token).certificate(), "device")
    csr = base64.b64encode(client.request("cam-1-001", "second").read_bytes())
    clock.advance(timedelta(days=world.settings.certificate_days + world.settings.renew_grace_days, hours=1))
    late = client.post(f"{EST}/simplereenroll", csr, *client.with_certificate())
    assert late.status == 401
    assert "expired too long ago" in late.text
    clock.advance(timedelta(hours=-2))
    assert client.post(f"{EST}/simplereenroll", csr, *client.with_certificate()).status == 200


@pytest.mark.parametrize(
    ("path", "options", "status", "says"),
    [
        pytest.param("/simpleenroll", (), 401, "one-time token", id="no token"),
        pytest.param("/simpleenroll", ("-u", ":guess"), 401, "not known", id="guessed token"),
        pytest.param("/simpleenroll", ("-H", "Authorization: Basic %%%"), 401, "not readable", id="broken header"),
        pytest.param("/simpleenroll", ("-H", "Authorization: Basic é"), 401, "not readable", id="no ASCII"),
        pytest.param("/simpleenroll", ("-H", "Authorization: Basic /w=="), 401, "not readable", id="no UTF-8"),
        pytest.param("/simplereenroll", (), 401, "TLS client certificate", id="renewal without certificate"),
        pytest.param("/simpleenroll", ("-u", ":x", "-H", "Content-Type: text/plain"), 415, "pkcs10", id="wrong type"),
    ],
)
def test_refusals_say_why(client: Any, path: str, options: tuple[str, ...], status: int, says: str) -> None:
    csr = base64.b64encode(client.request("cam-1-001").read_bytes())
    answer = client.post(f"{EST}{path}", csr, *options)
    assert answer.status == status
    assert says in answer.text


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(b"", 400, "not readable as PKCS#10", id="empty"),
        pytest.param(b"%%%%", 400, "not base64", id="not base64"),
        pytest.param(base64.b64encode(b"0123456789"), 400, "not readable as PKCS#10", id="no request"),
        pytest.param(b"A" * 40_000, 413, "more than", id="over-long"),
        pytest.param(base64.b64encode(b"\x30" * 16_400), 413, "taken at most", id="over-long request"),
    ],
)
def test_bad_requests_are_refused_and_leave_the_token_good(
    client: Any, token: str, body: bytes, status: int, says: str
) -> None:
    answer = client.post(f"{EST}/simpleenroll", body, "-u", f":{token}")
    assert answer.status == status
    assert says in answer.text
    assert client.enrol("cam-1-001", token).status == 200


@pytest.mark.parametrize("form", ["wrapped", "pem", "der"])
def test_the_request_may_come_in_any_common_form(client: Any, token: str, form: str) -> None:
    der = client.request("cam-1-001").read_bytes()
    wrapped = base64.encodebytes(der)
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + wrapped + b"-----END CERTIFICATE REQUEST-----\n"
    body = {"wrapped": wrapped.replace(b"\n", b"\r\n"), "pem": pem, "der": der}[form]
    answer = client.post(f"{EST}/simpleenroll", body, "-u", f":{token}")
    assert answer.status == 200, answer.text


def test_the_commands_of_the_guide_work_as_printed(client: Any, world: World, token: str) -> None:
    enrol, renew = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    shutil.copy(client.trust, client.folder / "trust.pem")
    given = {"DEVICE": "cam-1-001", "TOKEN": token, "URL": f"https://localhost:{client.port}", "no_proxy": "*"}
    for script in (enrol, renew):
        done = subprocess.run(
            ["sh", "-euc", script],
            env=os.environ | given,
            cwd=client.folder,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
    for name in ("device", "next"):
        der = x509.load_pem_x509_certificate((client.folder / f"{name}.crt").read_bytes())
        assert devices.identify(world, der.public_bytes(Encoding.DER)).device == "cam-1-001"


def test_the_guide_names_every_reason() -> None:
    text = GUIDE.read_text()
    source = (ROOT / "src/careful/devices/enrolment.py").read_text()
    source += (ROOT / "src/careful/devices/certificates.py").read_text()
    reasons = set(re.findall(r'where="([a-z.]+)"', source))
    assert {reason for reason in reasons if f"`{reason}`" not in text} == set()
