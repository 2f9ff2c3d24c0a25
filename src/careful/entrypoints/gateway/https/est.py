"""Enrolment over Secure Transport (RFC 7030, clarified by RFC 8951): a device gets its certificate, and the next one.

    GET  /.well-known/est/[product/]cacerts          whom to trust
    GET  /.well-known/est/[product/]csrattrs         what to ask for
    POST /.well-known/est/[product/]simpleenroll     the first certificate, for a one-time token (Basic password)
    POST /.well-known/est/[product/]simplereenroll   the next one, for the present one (TLS client certificate)

Base64 goes out without line breaks, because some clients cannot read them; it is taken with or without, as RFC 8951
asks, and whatever Content-Transfer-Encoding says.
"""

import base64
import binascii
import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import devices
from careful.entrypoints.buckets import Buckets
from careful.entrypoints.gateway.https.identity import certificate_of, source_of, world_of
from careful.entrypoints.gateway.https.limits import body_of
from careful.kernel.errors import CarefulError, Invalid, Unauthenticated
from careful.kernel.work import World

_BODY_BYTES = 4 * devices.REQUEST_BYTES // 3 + 2048  # the same in base64, with line breaks
_BASIC = "basic "
_BASIC_LIMIT = 1024
_REQUEST_TYPE = "application/pkcs10"
_ARMOUR = re.compile(rb"-----(?:BEGIN|END) (?:NEW )?CERTIFICATE REQUEST-----")
_SPACE = re.compile(rb"\s+")
_CERTS = "application/pkcs7-mime; smime-type=certs-only"
# SEQUENCE { ecPublicKey with attribute { prime256v1 }, ecdsa-with-SHA256 }: RFC 8951, section 3.5, and RFC 7030, 4.5.2
_CSR_ATTRIBUTES = bytes.fromhex("3021301506072a8648ce3d0201310a06082a8648ce3d03010706082a8648ce3d040302")


def routes(world: World) -> list[Route]:
    """Return the EST routes, each with and without a product as label."""
    buckets = Buckets(rate=20, burst=200)

    async def cacerts(request: Request) -> Response:
        buckets.take(source_of(request))
        chain = await run_in_threadpool(devices.authority_chain, world)
        return _base64(devices.chain_cms(chain), _CERTS)

    async def csrattrs(request: Request) -> Response:
        buckets.take(source_of(request))
        return _base64(_CSR_ATTRIBUTES, "application/csrattrs")

    async def simpleenroll(request: Request) -> Response:
        buckets.take(source_of(request))
        token = _password(request)
        csr = await _request(request)
        chain = await run_in_threadpool(devices.enrol, world, token, csr, _label(request), source_of(request))
        return _base64(devices.chain_cms(chain), _CERTS)

    async def simplereenroll(request: Request) -> Response:
        buckets.take(source_of(request))
        certificate = certificate_of(request)
        if certificate is None:
            raise Unauthenticated(
                "Renewal needs the present certificate as TLS client certificate.", do="Without one, use simpleenroll."
            )
        csr = await _request(request)
        chain = await run_in_threadpool(devices.re_enrol, world_of(request), certificate, csr, _label(request))
        return _base64(devices.chain_cms(chain), _CERTS)

    offered = (
        ("cacerts", cacerts, "GET"),
        ("csrattrs", csrattrs, "GET"),
        ("simpleenroll", simpleenroll, "POST"),
        ("simplereenroll", simplereenroll, "POST"),
    )
    return [
        Route(f"/.well-known/est/{label}{name}", endpoint, methods=[method])
        for name, endpoint, method in offered
        for label in ("", "{label}/")
    ]


def _label(request: Request) -> str | None:
    label: str | None = request.path_params.get("label")
    return label


def _password(request: Request) -> str:
    """Return the Basic password; the user name says nothing, since the token names product and device."""
    header = request.headers.get("authorization", "")
    if header[: len(_BASIC)].lower() != _BASIC or len(header) > _BASIC_LIMIT:
        raise Unauthenticated("Enrolment needs a one-time token.", do="Send it as HTTP Basic password.")
    try:
        pair = base64.b64decode(header[len(_BASIC) :].strip(), validate=True).decode()
    except ValueError as broken:  # not base64, not ASCII, or not UTF-8 in it
        raise Unauthenticated(
            "The Authorization header is not readable.", do="Send the token as HTTP Basic password (RFC 7617)."
        ) from broken
    return pair.partition(":")[2]


async def _request(request: Request) -> bytes:
    """Return the PKCS#10 request of the body as DER: base64 with or without line breaks, PEM armour, or plain DER."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _REQUEST_TYPE:
        raise UnsupportedType(f"The body must be {_REQUEST_TYPE}.", where="content-type")
    body = await body_of(request, _BODY_BYTES)
    if body[:1] == b"\x30" and not body[1:2].isalnum():  # a DER SEQUENCE in long form; no base64 begins like this
        return body
    try:
        return base64.b64decode(_SPACE.sub(b"", _ARMOUR.sub(b"", body)), validate=True)
    except binascii.Error as broken:
        raise Invalid("The body is not base64.", do="Send the request in base64 (RFC 8951).", where="body") from broken


class UnsupportedType(CarefulError):
    """The body is of a type that this address does not take."""

    status = 415


def _base64(content: bytes, media_type: str) -> Response:
    headers = {"Content-Transfer-Encoding": "base64", "Cache-Control": "no-store"}
    return Response(base64.b64encode(content), media_type=media_type, headers=headers)
