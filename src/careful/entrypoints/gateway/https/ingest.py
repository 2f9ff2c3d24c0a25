"""Readings, events and states over HTTPS, for devices that wake up, speak and sleep.

    POST /d/{device}/up/{stream}        POST /d/{device}/event/{name}        POST /d/{device}/state/reported

The body is what MQTT would carry: a JSON object or a CBOR map; or a batch of them, a list or one JSON object a line.
202 means that all of it is on disk; anything else, that nothing of it was taken. With an `Idempotency-Key`, what is
sent again under the same key is stored once.
"""

import hashlib
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from careful.entrypoints.buckets import Buckets
from careful.entrypoints.gateway import payloads
from careful.entrypoints.gateway.https.doorman import Doorman
from careful.entrypoints.gateway.https.identity import certificate_of
from careful.entrypoints.gateway.https.limits import BODY_BYTES, body_of
from careful.entrypoints.gateway.https.taking import Taking
from careful.entrypoints.gateway.mqtt import permission
from careful.entrypoints.gateway.mqtt.permission import Checked, Denied
from careful.entrypoints.problem import MEDIA_TYPE
from careful.entrypoints.problem import body_of as problem_of
from careful.kernel.errors import CarefulError, Invalid, TooMany, Unauthenticated, Unavailable
from careful.kernel.work import World

JSON, LINES, CBOR = "application/json", "application/x-ndjson", "application/cbor"
RATE, BURST = 20.0, 100
"""Requests a second of one device, and at once."""
_KEY = re.compile(r'[\x21-\x7e]{1,255}|"[\x20-\x7e]{1,253}"')
_RETRY_SECONDS = 5
_STATUS = {
    "foreign-topic": 403, "missing-consent": 403, "undeclared-stream": 404, "undeclared-event": 404,
    "unknown-topic": 404, "topic-too-long": 404, "over-rate": 429, **dict.fromkeys(payloads.KINDS, 400),
}  # fmt: skip
_WORDS = {
    "foreign-topic": "It is not this device's own.",
    "missing-consent": "It waits for a consent that nobody has given.",
    "undeclared-stream": "The product's declaration has no such stream.",
    "undeclared-event": "The product's declaration has no such event.",
    "undeclared-field": "The product's declaration has no such field there.",
    "wrong-type": "The declaration gives the field another type.",
    "out-of-range": "The declaration gives the field another range.",
    "too-long": "It is longer than the declaration allows.",
    "future-time": "The record's time is more than five minutes ahead of ours.",
    "ancient-time": "The record is older than it may be kept.",
    "over-rate": "It is more than the declaration lets one device send.",
}
_DO = {
    "missing-consent": "Ask the customer, and record the consent: careful data consent give DEVICE ITEM.",
    "over-rate": "Send less often, or declare a higher rate in the product file.",
    "future-time": "Set the device's clock, and send the record again.",
}
_MEND = "Mend the firmware or the product file."


class NotTaken(CarefulError):
    """A record was refused, and its request with it: the rule, the place, and which record it was."""

    def __init__(self, denied: Denied, record: int) -> None:
        super().__init__(_WORDS.get(denied.kind, denied.detail), do=_DO.get(denied.kind, _MEND), where=denied.detail)
        self.rule, self.record = denied.kind, record
        self.status = _STATUS.get(denied.kind, 422)  # type: ignore[misc]  # one kind of refusal, many of HTTP's answers


class UnsupportedType(CarefulError):
    """The body is of a type that we do not take."""

    status = 415


class Ingest:
    """The endpoints."""

    def __init__(self, world: World) -> None:
        self.taking = Taking(world)
        self._doorman = Doorman(world)
        self._buckets = Buckets(RATE, BURST)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/d/{device}/{below:path}", self.post, methods=["POST"])]

    async def post(self, request: Request) -> Response:
        """Take a request; every refusal is a problem of RFC 9457."""
        try:
            return await self._post(request)
        except CarefulError as refusal:
            return _problem(refusal)

    async def _post(self, request: Request) -> Response:
        device: str = request.path_params["device"]
        if certificate_of(request) is None:
            raise Unauthenticated("No client certificate was shown.", do="Connect with the device's certificate.")
        identity = await self._doorman.admit(request, device)
        try:
            self._buckets.take(device)
        except TooMany as much:
            raise TooMany("Too many requests of this device.", retry_after=much.retry_after) from None
        name = _name_of(request)
        who, may = await self.taking.admit(identity)
        topic = f"d/{device}/{request.path_params['below']}"
        route = permission.route(may.permit, device, topic)
        if isinstance(route, Denied):
            self.taking.refused(who, route)
            raise NotTaken(route, 0)
        content = await _content(request)
        records = [content] if not content and route.may_be_empty else self._read(who, route.topic, content)
        checked = self.taking.check(who, may, route, records)
        denied = checked[-1].denied
        if denied is not None:
            self.taking.refused(who, denied)
            raise NotTaken(denied, len(checked) - 1)
        names = [
            hashlib.blake2b(b"%d\0%b" % (n, name), digest_size=16).digest() if name else b""
            for n in range(len(records))
        ]
        await self.taking.store(who, route, list(zip(records, checked, names, strict=True)))
        return JSONResponse(_told(checked), 202)

    def _read(self, who: Any, topic: str, content: bytes) -> list[bytes]:  # noqa: ANN401
        try:
            return [payloads.compact(said) for _, said in payloads.read_batch(content)]
        except payloads.Refused as refused:
            denied = Denied(refused.kind, f"{topic}: {refused.why}")
            self.taking.refused(who, denied)
            raise NotTaken(denied, 0) from None


def _told(checked: list[Checked]) -> dict[str, Any]:
    """Say what was taken, and which fields were left out."""
    dropped = sorted({(one.kind, one.detail) for record in checked for one in record.dropped})
    return {"taken": len(checked), "left_out": [{"rule": kind, "where": detail} for kind, detail in dropped]}


def _name_of(request: Request) -> bytes:
    """Return the request's name, by which it is known again; empty where it has none. Raises Invalid."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return b""
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise Invalid("An idempotency key has 1 to 255 printable characters.", where="idempotency-key")
    return given[0].strip('"').encode()


async def _content(request: Request) -> bytes:
    """Return the body. Raises UnsupportedType and TooLarge. JSON and CBOR are told apart by the first byte."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"", JSON, LINES, CBOR}:
        raise UnsupportedType(f"The body must be {JSON}, {LINES} or {CBOR}.", where="content-type")
    return await body_of(request, BODY_BYTES)


def _problem(refusal: CarefulError) -> Response:
    body, headers = problem_of(refusal), {}
    if isinstance(refusal, NotTaken):
        body |= {"type": f"urn:careful:problem:{refusal.rule}", "rule": refusal.rule, "record": refusal.record}
        if refusal.status == 429:  # noqa: PLR2004 (too many requests)
            headers["Retry-After"] = "60"
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unavailable):
        headers["Retry-After"] = str(_RETRY_SECONDS)
    return JSONResponse(body, refusal.status, headers, media_type=MEDIA_TYPE)
