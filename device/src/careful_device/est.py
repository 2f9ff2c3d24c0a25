"""Enrolment over Secure Transport (RFC 7030, clarified by RFC 8951), the client's side."""

import base64
import binascii

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from careful_device.errors import AgentError, AnswerError, WireError
from careful_device.https import Client

_LIMIT = 64 << 10
_ACCEPTED = 202


def enrol(client: Client, url: str, request: bytes, *, device: str, token: str) -> list[x509.Certificate]:
    """Return the first certificate, for a one-time token (section 4.2.1)."""
    pair = base64.b64encode(f"{device}:{token}".encode()).decode()
    return _ask(client, f"{url}/simpleenroll", request, {"Authorization": f"Basic {pair}"})


def re_enrol(client: Client, url: str, request: bytes) -> list[x509.Certificate]:
    """Return the next certificate, for the present one, which the TLS connection shows (section 4.2.2)."""
    return _ask(client, f"{url}/simplereenroll", request, {})


def _ask(client: Client, url: str, request: bytes, headers: dict[str, str]) -> list[x509.Certificate]:
    headers = {**headers, "Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}
    answer = client.request("POST", url, body=base64.b64encode(request), headers=headers, limit=_LIMIT)
    if answer.status == _ACCEPTED:
        raise WireError("The maker has not approved this device yet.", do="It asks again by itself.")
    answer.good("Enrolment")
    try:
        found = pkcs7.load_der_pkcs7_certificates(base64.b64decode(b"".join(answer.body.split()), validate=True))
    except (binascii.Error, ValueError) as broken:
        raise AgentError("The server's answer to the enrolment is not a certificate.") from broken
    if not found:
        raise AnswerError("The server's answer to the enrolment holds no certificate.", status=answer.status)
    return found
