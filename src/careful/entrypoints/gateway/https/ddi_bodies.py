"""The words of hawkBit's Direct Device Integration API: what devices send, read with care, and what they are sent.

Devices differ: ids come as numbers or strings, fields of older versions are still sent, details as a list or one
string. Whatever is not needed is ignored; what is needed and missing is named.
"""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Literal, cast
from urllib.parse import quote

from starlette.requests import Request

from careful import releases, updates
from careful.entrypoints.gateway.https.limits import body_of
from careful.kernel.errors import CarefulError, Invalid, TooMany

BODY_BYTES = 64 * 1024
MOST_DETAILS = 50
_DETAIL = 512
_ATTRIBUTE = 128
_MODES = ("merge", "replace", "remove")
_EXECUTIONS = frozenset(
    {"closed", "proceeding", "canceled", "scheduled", "rejected", "resumed", "download", "downloaded"}
)
_FINISHED = ("success", "failure", "none")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_DAY = 86_400
_INT32 = 1 << 31


class UnsupportedType(CarefulError):
    """The body is of a type that we do not take."""

    status = 415


class NotAcceptable(CarefulError):
    """The device takes no answer of a type that we have."""

    status = 406


async def json_body(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object. Raises UnsupportedType, TooLarge, and Invalid saying where it breaks."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/json", "application/hal+json"}:
        raise UnsupportedType("The body must be application/json.", where="content-type")
    content = await body_of(request, BODY_BYTES)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as broken:
        raise Invalid(f"The body is not JSON: {broken}.", where="body") from broken
    if not isinstance(found, dict):
        raise Invalid("The body must be a JSON object.", where="body")
    return found


def check_accept(request: Request) -> None:
    """Raise NotAcceptable for a device that takes no JSON."""
    accept = request.headers.get("accept", "*/*").lower()
    if not any(kind in accept for kind in ("*/*", "application/*", "application/json", "application/hal+json")):
        raise NotAcceptable("The answer is application/json.", where="accept")


def read_report(plain: Mapping[str, Any]) -> updates.Report:
    """Return what a feedback says. Raises Invalid naming the field, TooMany above 50 messages."""
    status = _table(plain, "status")
    execution = status.get("execution")
    if not isinstance(execution, str) or execution not in _EXECUTIONS:
        raise Invalid(f"status.execution must be one of {', '.join(sorted(_EXECUTIONS))}.", where="status.execution")
    finished = _table(status, "result", "status.").get("finished")
    if finished not in _FINISHED:
        raise Invalid(f"status.result.finished must be one of {', '.join(_FINISHED)}.", where="status.result.finished")
    details = status.get("details") or []
    listed = [details] if isinstance(details, str) else details
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise Invalid("status.details must be a list of texts.", where="status.details")
    if len(listed) > MOST_DETAILS:
        raise TooMany(f"A report may have {MOST_DETAILS} messages.", retry_after=_DAY)
    code = status.get("code")
    if code is not None and (not isinstance(code, int) or not -_INT32 <= code < _INT32):
        raise Invalid("status.code must be a whole number.", where="status.code")
    return updates.Report(
        execution=execution,
        finished=cast("Literal['success', 'failure', 'none']", finished),
        details=tuple(_printable(one) for one in listed),
        code=code,
    )


def read_attributes(plain: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return mode and attributes of configData. Raises Invalid naming the field."""
    mode = str(plain.get("mode") or "merge").lower()
    if mode not in _MODES:
        raise Invalid(f"mode must be one of {', '.join(_MODES)}.", where="mode")
    data = _table(plain, "data")
    found: dict[str, str] = {}
    for key, value in data.items():
        if not 0 < len(key) <= _ATTRIBUTE or not key.isprintable():
            raise Invalid(f"An attribute's name has 1 to {_ATTRIBUTE} printable characters.", where="data")
        text = "" if value is None else str(value)
        if isinstance(value, (dict, list)) or len(text) > _ATTRIBUTE:
            raise Invalid(f"The attribute {key[:32]!r} must be a text of at most {_ATTRIBUTE}.", where=f"data.{key}")
        found[key] = _printable(text)
    return mode, found


def read_installed(plain: Mapping[str, Any]) -> str:
    """Return the version of a PUT on installedBase. Raises Invalid."""
    version = plain.get("version")
    if not isinstance(version, str):
        raise Invalid("version must be a text.", where="version")
    return version


def _table(plain: Mapping[str, Any], name: str, inside: str = "") -> dict[str, Any]:
    found = plain.get(name)
    if not isinstance(found, dict):
        raise Invalid(f"{inside}{name} must be an object.", where=inside + name)
    return found


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:_DETAIL])


def sleep(seconds: int) -> str:
    """Return a poll interval as exactly HH:MM:SS, which some clients insist on; below a day."""
    seconds = max(1, min(seconds, _DAY - 1))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def base_url(request: Request, device_url: str, tenant: str, device: str) -> str:
    """Return the address under which this device reached us, from its own Host header, else from the settings."""
    host = request.headers.get("host", "")
    server = f"{request.scope['scheme']}://{host}" if _HOST.fullmatch(host) else device_url
    return f"{server}/{tenant}/controller/v1/{quote(device)}"


def poll_body(base: str, told: updates.Poll, interval: str) -> bytes:
    """Return the answer to a poll."""
    links = []
    if told.action is not None:
        what = f"cancelAction/{told.action}" if told.cancelling else f"deploymentBase/{told.action}?c={_state(told)}"
        links.append(f'"{what.partition("/")[0]}":{{"href":"{base}/{what}"}}')
    if told.installed is not None:
        links.append(f'"installedBase":{{"href":"{base}/installedBase/{told.installed}"}}')
    if told.wants_attributes:
        links.append(f'"configData":{{"href":"{base}/configData"}}')
    return f'{{"config":{{"polling":{{"sleep":"{interval}"}}}},"_links":{{{",".join(links)}}}}}'.encode()


def _state(told: updates.Poll) -> int:
    return zlib.crc32(f"{told.action}/{told.change}".encode()) - (1 << 31)


def deployment(
    base: str, order: updates.Order, release: releases.Release, history: tuple[updates.Status, ...] | None
) -> dict[str, Any]:
    """Return an order as DDI has it: one chunk with one artifact, forced, with all three digests and both links."""
    body: dict[str, Any] = {
        "id": str(order.id),
        "deployment": {
            "download": "forced",
            "update": "forced",
            "chunks": [
                {
                    "part": "os",
                    "version": release.version,
                    "name": f"{release.product} {release.version}",
                    "artifacts": [artifact(base, order, release)],
                    "metadata": [
                        {"key": "tuf-target-path", "value": updates.target_path(release)},
                        {"key": "product", "value": release.product},
                    ],
                }
            ],
        },
    }
    if history is not None:
        messages = [line for one in history for line in (*one.report.details, one.report.execution)]
        body["actionHistory"] = {"status": _HISTORY.get(order.state, "RUNNING"), "messages": messages}
    return body


_HISTORY = {
    "succeeded": "FINISHED",
    "failed": "ERROR",
    "silent": "ERROR",
    "cancelled": "CANCELED",
    "offered": "RETRIEVED",
}


def artifact(base: str, order: updates.Order, release: releases.Release) -> dict[str, Any]:
    """Return an artifact as DDI has it. The order's number stands for the software module's."""
    one = release.artifact
    link = {"href": f"{base}/softwaremodules/{order.id}/artifacts/{quote(one.filename)}"}
    digest = {"href": f"{link['href']}.MD5SUM"}
    return {
        "filename": one.filename,
        "hashes": {"sha1": one.sha1, "md5": one.md5, "sha256": one.sha256},
        "size": one.size,
        "_links": {"download": link, "md5sum": digest, "download-http": link, "md5sum-http": digest},
    }


def error_body(name: str, status: int, what: str, do: str) -> dict[str, Any]:
    """Return a refusal as DDI has it."""
    return {"exceptionClass": name, "errorCode": f"careful.{status}", "message": what, "info": {"do": do} if do else {}}
