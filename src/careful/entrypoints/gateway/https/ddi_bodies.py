"""The words of hawkBit's Direct Device Integration API: what devices send, read with care, and what they are sent.

Devices differ: ids come as numbers or strings, fields of older versions are still sent, details as a list or one
string. Whatever is not needed is ignored; what is needed and missing is named.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import quote, urlsplit

from starlette.requests import Request

from careful import releases, updates
from careful.entrypoints.gateway.https.identity import by_trusted_proxy
from careful.kernel.errors import Invalid, TooMany
from careful.kernel.work import World

MOST_DETAILS = 50
_DETAIL = 512
_ATTRIBUTE = 128
_MODES = ("merge", "replace", "remove")
_EXECUTIONS = frozenset(
    {"closed", "proceeding", "canceled", "scheduled", "rejected", "resumed", "download", "downloaded"}
)
_CONSENTS = ("confirmed", "denied")
_FINISHED = ("success", "failure", "none")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_PARTS = {"application": "bApp", "runtime": "jvm"}  # hawkBit's old names, which clients look for
_DAY = 86_400
_Link = dict[str, str]
_INT32 = 1 << 31


def read_report(plain: Mapping[str, Any]) -> updates.Report:
    """Return what a feedback says. Raises Invalid naming the field, TooMany above 50 messages."""
    status = _table(plain, "status")
    execution = status.get("execution")
    if not isinstance(execution, str) or execution not in _EXECUTIONS:
        raise Invalid(f"status.execution must be one of {', '.join(sorted(_EXECUTIONS))}.", where="status.execution")
    finished = _table(status, "result", "status.").get("finished")
    if finished not in _FINISHED:
        raise Invalid(f"status.result.finished must be one of {', '.join(_FINISHED)}.", where="status.result.finished")
    return updates.Report(
        execution=execution,
        finished=cast("Literal['success', 'failure', 'none']", finished),
        details=_details(status, "status."),
        code=_code(status, "status."),
    )


def read_consent(plain: Mapping[str, Any]) -> tuple[bool, tuple[str, ...], int | None]:
    """Return whether the owner agrees, with what messages and which code. Raises Invalid naming the field, TooMany."""
    said = plain.get("confirmation")
    if said not in _CONSENTS:
        raise Invalid(f"confirmation must be one of {', '.join(_CONSENTS)}.", where="confirmation")
    return said == "confirmed", _details(plain, ""), _code(plain, "")


def read_initiator(plain: Mapping[str, Any]) -> tuple[str, str]:
    """Return who lets a device agree by itself, and the remark. Raises Invalid naming the field."""
    found = tuple(plain.get(name) or "" for name in ("initiator", "remark"))
    for name, value in zip(("initiator", "remark"), found, strict=True):
        if not isinstance(value, str) or len(value) > _DETAIL:
            raise Invalid(f"{name} must be a text of at most {_DETAIL}.", where=name)
    return found[0], found[1]


def _details(plain: Mapping[str, Any], inside: str) -> tuple[str, ...]:
    """Return the messages; a long one becomes several, as many as there is room for."""
    details = plain.get("details") or []
    listed = [details] if isinstance(details, str) else details
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise Invalid(f"{inside}details must be a list of texts.", where=f"{inside}details")
    if len(listed) > MOST_DETAILS:
        raise TooMany(f"A report may have {MOST_DETAILS} messages.", retry_after=_DAY)
    parts = [one[start : start + _DETAIL] for one in listed for start in range(0, max(len(one), 1), _DETAIL)]
    return tuple(_printable(one) for one in parts[:MOST_DETAILS])


def _code(plain: Mapping[str, Any], inside: str) -> int | None:
    code = plain.get("code")
    if code is not None and (not isinstance(code, int) or isinstance(code, bool) or not -_INT32 <= code < _INT32):
        raise Invalid(f"{inside}code must be a whole number.", where=f"{inside}code")
    return code


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
    scheme = "https" if by_trusted_proxy(request) else request.scope["scheme"]  # such a proxy ends the device's TLS
    server = f"{scheme}://{host}" if _HOST.fullmatch(host) else device_url
    return f"{server}/{tenant}/controller/v1/{quote(device)}"


def poll_body(base: str, told: updates.Poll, interval: str, now: datetime) -> bytes:
    """Return the answer to a poll: at most one thing to do, of which the device is told only in its window."""
    links = []
    what = _what(told, now)
    if what:
        links.append(f'"{what.partition("/")[0]}":{{"href":"{base}/{what}"}}')
    if told.installed is not None:
        links.append(f'"installedBase":{{"href":"{base}/installedBase/{told.installed}"}}')
    if told.wants_attributes:
        links.append(f'"configData":{{"href":"{base}/configData"}}')
    return f'{{"config":{{"polling":{{"sleep":"{interval}"}}}},"_links":{{{",".join(links)}}}}}'.encode()


def _what(told: updates.Poll, now: datetime) -> str:
    if told.action is None:
        return ""
    if told.cancelling:
        return f"cancelAction/{told.action}"
    if told.window and not updates.in_window(told.window, now):
        # Held back, not sent as "skip": SWUpdate would close a skipped order as a success.
        return ""
    forced = updates.is_forced(told.forced_from, now)
    state = zlib.crc32(f"{told.action}/{told.change}/{forced}".encode()) - (1 << 31)
    return f"{'confirmationBase' if told.asking else 'deploymentBase'}/{told.action}?c={state}"


def confirmation_state(base: str, by_itself: updates.AutoConfirm | None, waiting: int | None) -> dict[str, Any]:
    """Return whether a device agrees by itself, how to change that, and which order waits."""
    state: dict[str, Any] = {"active": by_itself is not None}
    if by_itself is not None:
        named = {"initiator": by_itself.initiator, "remark": by_itself.remark}
        state |= {name: value for name, value in named.items() if value}
        state["activatedAt"] = int(by_itself.at.timestamp() * 1000)
    change = "deactivateAutoConfirm" if by_itself else "activateAutoConfirm"
    links = {change: {"href": f"{base}/confirmationBase/{change}"}}
    if waiting is not None:
        links["confirmationBase"] = {"href": f"{base}/confirmationBase/{waiting}"}
    return {"autoConfirm": state, "_links": links}


def deployment(
    base: str,
    order: updates.Order,
    release: releases.Release,
    now: datetime,
    history: Sequence[updates.Status] | None,
    delta: updates.Delta | None = None,
    *,
    http_port: int = 0,
    part: str = "os",
) -> dict[str, Any]:
    """Return an order as DDI has it: a chunk for the image, which is for `part`, and one for each further module.

    A delta stands in the chunk's metadata, where only clients that know of deltas look for it.
    """
    urgency = "forced" if updates.is_forced(order.forced_from, now) else "attempt"
    of_image, modules = modules_of(release)
    body: dict[str, Any] = {
        "id": str(order.id),
        "deployment": {
            "download": urgency,
            "update": urgency,
            **({"maintenanceWindow": "available"} if order.window else {}),
            "chunks": [
                {
                    "part": part,
                    "version": release.version,
                    "name": f"{release.product} {release.version}",
                    "artifacts": [artifact(base, order, release, http_port, one) for one in of_image],
                    "metadata": [
                        {"key": "tuf-target-path", "value": updates.target_path(release)},
                        {"key": "product", "value": release.product},
                        *_delta_metadata(base, order, delta),
                        *({"key": key, "value": value} for key, value in _conditions(order)),
                    ],
                },
                *(
                    {
                        "part": _PARTS.get(kind, kind),
                        "version": version,
                        "name": name,
                        "artifacts": [artifact(base, order, release, http_port, one) for one in files],
                        "metadata": [],
                    }
                    for (kind, name, version), files in modules.items()
                ),
            ],
        },
    }
    if history is not None:
        messages = [line for one in history for line in (*one.report.details, one.report.execution)]
        body["actionHistory"] = {"status": _status(order), "messages": messages}
    return body


def _conditions(order: updates.Order) -> list[tuple[str, str]]:
    """Return what the device is to keep by itself: of power, and of time."""
    return [*sorted(order.conditions.items()), *([("window", order.window)] if order.window else [])]


def _delta_metadata(base: str, order: updates.Order, delta: updates.Delta | None) -> list[dict[str, str]]:
    if delta is None:
        return []
    return [
        {"key": "delta-target-path", "value": delta.path},
        {"key": "delta-href", "value": f"{base}/softwaremodules/{order.id}/artifacts/{quote(delta.filename)}"},
        {"key": "delta-size", "value": str(delta.size)},
        {"key": "delta-from-sha256", "value": delta.base_sha256},
        {"key": "delta-format", "value": f"detools-sequential-{delta.format}"},
    ]


def _status(order: updates.Order) -> str:
    if order.is_open and order.cancelling:
        return "CANCELING"
    waits = order.is_open and order.consent == "asked"
    return "WAIT_FOR_CONFIRMATION" if waits else _HISTORY.get(order.state, "RUNNING")


def history_of(world: World, request: Request, order: updates.Order) -> list[updates.Status] | None:
    """Return the order's reports, newest first, if the device asks for them: so many as it says, negative is all."""
    asked = request.query_params.get("actionHistory", "0")
    if not re.fullmatch(r"-?[0-9]{1,9}", asked):
        raise Invalid("actionHistory must be a whole number.", where="actionHistory")
    if int(asked) == 0:
        return None
    kept = updates.statuses(world, order.id)
    return kept if int(asked) < 0 else kept[: int(asked)]


_HISTORY = {
    "succeeded": "FINISHED",
    "failed": "ERROR",
    "silent": "ERROR",
    "cancelled": "CANCELED",
    "offered": "RETRIEVED",
}


def modules_of(
    release: releases.Release,
) -> tuple[list[releases.Artifact], dict[tuple[str, str, str], list[releases.Artifact]]]:
    """Return the files of the image's own module, and those of the others by part, name and version."""
    own: list[releases.Artifact] = [release.artifact]
    others: dict[tuple[str, str, str], list[releases.Artifact]] = {}
    for one in release.parts:
        if one.part == "os" and not one.name and one.version == release.version:
            own.append(one.artifact)
        else:
            name = one.name or f"{release.product} {one.part}"
            others.setdefault((one.part, name, one.version), []).append(one.artifact)
    return own, others


def artifact(
    base: str, order: updates.Order, release: releases.Release, http_port: int = 0, one: releases.Artifact | None = None
) -> dict[str, Any]:
    """Return an artifact (the image, if none is named) as DDI has it; the order's number stands for its module's.

    `download-http` is there always, because Zephyr reads no other; it is HTTPS unless the operator serves images by
    plain HTTP as well, and in a rehearsal of tampering, which only the order's own address can serve.
    """
    one = one or release.artifact
    link = {"href": f"{base}/softwaremodules/{order.id}/artifacts/{quote(one.filename)}"}
    digest = {"href": f"{link['href']}.MD5SUM"}
    return {
        "filename": one.filename,
        "hashes": {"sha1": one.sha1, "md5": one.md5, "sha256": one.sha256},
        "size": one.size,
        "_links": {"download": link, "md5sum": digest, **_http_links(base, order, release.id, http_port, link, digest)},
    }


def _http_links(
    base: str, order: updates.Order, release: str, port: int, link: _Link, digest: _Link
) -> dict[str, _Link]:
    if port and order.drill != "tampered":
        host = urlsplit(base).hostname or ""
        server = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        link = {"href": f"{server}/DEFAULT/artifacts/{release}/{link['href'].rpartition('/')[2]}"}
        digest = {"href": f"{link['href']}.MD5SUM"}
    return {"download-http": link, "md5sum-http": digest}


def error_body(name: str, status: int, what: str, do: str) -> dict[str, Any]:
    """Return a refusal as DDI has it."""
    return {"exceptionClass": name, "errorCode": f"careful.{status}", "message": what, "info": {"do": do} if do else {}}
