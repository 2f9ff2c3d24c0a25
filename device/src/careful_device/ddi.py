"""hawkBit's Direct Device Integration API, the device's side: what the answers mean, and what is sent.

Reading is pure and suspicious: every answer comes from a machine that may have been broken into. Unknown fields are
ignored, as the API wants; links must stay on the server that was configured, except downloads, which may come from
anywhere, because what arrives is checked against what was signed.
"""

import json
import re
import time
from typing import Any
from urllib.parse import urlsplit

from careful_device import seen
from careful_device.conditions import conditions_from
from careful_device.errors import AgentError
from careful_device.https import Client
from careful_device.model import Order

_LIMIT = 256 << 10
_GONE = (404, 410)
_DETAIL = 500
_TEXT = 128
_PATH = 512
_SLEEP = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)")
_ACTION = re.compile(r".*/(?:deploymentBase|cancelAction|confirmationBase)/([0-9]{1,18})(?:[?#].*)?")
_JSON = {"Accept": "application/hal+json, application/json"}


class Ddi:
    """The API at `url` for `device`."""

    def __init__(self, client: Client, url: str, device: str) -> None:
        self._client = client
        self._base = f"{url.rstrip('/')}/{device}"

    def poll(self) -> seen.Polled:
        """Ask what the server wants."""
        return read_poll(
            _json(self._client.request("GET", self._base, headers=_JSON, limit=_LIMIT).good("Poll").body), self._base
        )

    def order(self, action: str, href: str) -> Order | None:
        """Read an order; None when it no longer stands."""
        answer = self._client.request("GET", href, headers=_JSON, limit=_LIMIT)
        return None if answer.status in _GONE else read_order(_json(answer.good("Order").body), action, href)

    def tell(self, action: str, execution: str, finished: str, *details: str) -> bool:
        """Send feedback about an order. Tells whether it still stands."""
        return self._feedback("deploymentBase", action, execution, finished, *details)

    def answer_cancel(self, action: str, *, dropped: bool) -> None:
        """Say whether the order was dropped."""
        if dropped:
            self._feedback("cancelAction", action, "closed", "success", "dropped before it was installed")
        else:
            self._feedback("cancelAction", action, "rejected", "failure", "installed already")

    def waiting(self, href: str) -> str | None:
        """Return the version that waits for the owner's word; None when it no longer does."""
        answer = self._client.request("GET", href, headers=_JSON, limit=_LIMIT)
        if answer.status in _GONE:
            return None
        chunk = _only(_table(_json(answer.good("Order").body).get("confirmation")).get("chunks"), "chunk")
        return str(chunk.get("version", ""))[:_TEXT]

    def confirm(self, action: str, *, agreed: bool) -> None:
        """Hand on the owner's word. One that comes too late is of no account."""
        said = "agreed to" if agreed else "not agreed to"
        body = {"confirmation": "confirmed" if agreed else "denied", "details": [f"{said} by the owner"]}
        answer = self._send("POST", f"{self._base}/confirmationBase/{action}/feedback", body)
        if answer.status not in _GONE:
            answer.good("Confirmation")

    def describe(self, attributes: dict[str, str]) -> None:
        """Send the device's attributes."""
        body = {"mode": "merge", "data": {name: value[:_TEXT] for name, value in attributes.items()}}
        self._send("PUT", f"{self._base}/configData", body).good("Attributes", 200, 201, 202, 204)

    def _feedback(self, kind: str, action: str, execution: str, finished: str, *details: str) -> bool:
        body = {
            "id": action,
            "timestamp": int(time.time() * 1000),
            "status": {
                "execution": execution,
                "result": {"finished": finished},
                "details": [one[:_DETAIL] for one in details],
            },
        }
        answer = self._send("POST", f"{self._base}/{kind}/{action}/feedback", body)
        if answer.status in (*_GONE, 405):
            return False
        answer.good("Feedback")
        return True

    def _send(self, method: str, url: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 (an Answer; see https)
        headers = {**_JSON, "Content-Type": "application/json"}
        return self._client.request(method, url, body=json.dumps(body).encode(), headers=headers, limit=_LIMIT)


def read_poll(plain: dict[str, Any], base: str) -> seen.Polled:
    """Return what a poll's answer means. Raises AgentError for links that lead elsewhere."""
    links = _table(plain.get("_links"))
    said = str(_table(_table(plain.get("config")).get("polling")).get("sleep", ""))
    sleep = _SLEEP.fullmatch(said)
    hours, minutes, seconds = (int(part) for part in sleep.groups()) if sleep else (0, 5, 0)
    return seen.Polled(
        sleep=float(hours * 3600 + minutes * 60 + seconds),
        order=_link(links, "deploymentBase", base),
        cancel=_link(links, "cancelAction", base),
        confirm=_link(links, "confirmationBase", base),
        describe="configData" in links,
    )


def read_order(plain: dict[str, Any], action: str, href: str) -> Order:
    """Return the one artifact of the one chunk of a deployment. Raises AgentError when there is another number."""
    deployment = _table(plain.get("deployment"))
    chunk = _only(deployment.get("chunks"), "chunk")
    artifact = _only(chunk.get("artifacts"), "artifact")
    metadata = {
        str(pair.get("key")): str(pair.get("value")) for pair in _list(chunk.get("metadata")) if isinstance(pair, dict)
    }
    version, filename = str(chunk.get("version", "")), str(artifact.get("filename", ""))
    links = _table(artifact.get("_links"))
    download = str(_table(links.get("download")).get("href", ""))
    size = artifact.get("size")
    path = metadata.get("tuf-target-path") or f"{version}/{filename}"
    if not isinstance(size, int) or size < 0 or not _is_https(download):
        raise AgentError("The order names no size or no https download.")
    if max(len(version), len(filename)) > _TEXT or len(path) > _PATH:
        raise AgentError("The order's names are too long.")
    return Order(
        action=action,
        href=href,
        version=version,
        filename=filename,
        size=size,
        download=download,
        target_path=path,
        product=metadata.get("product", ""),
        sha256=str(_table(artifact.get("hashes")).get("sha256", "")),
        install=deployment.get("update") != "skip",
        conditions=conditions_from(metadata),
        **_delta(metadata),
    )


def _delta(metadata: dict[str, str]) -> dict[str, str]:
    """Return the order's hint at a delta, or nothing: a strange one is no reason to refuse the order."""
    path, href = metadata.get("delta-target-path", ""), metadata.get("delta-href", "")
    good = 0 < len(path) <= _PATH and len(href) <= _PATH * 4 and _is_https(href)
    return {"delta_path": path, "delta_href": href} if good else {}


def _link(links: dict[str, Any], name: str, base: str) -> tuple[str, str] | None:
    href = str(_table(links.get(name)).get("href", ""))
    if not href:
        return None
    action = _ACTION.fullmatch(href)
    if action is None or urlsplit(href)[:2] != urlsplit(base)[:2]:
        raise AgentError(f"The server's {name} link leads elsewhere: {href[:200]}.")
    return action[1], href


def _is_https(url: str) -> bool:
    try:
        return urlsplit(url).scheme == "https" and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as broken:
        raise AgentError("The server's answer is not JSON.") from broken
    return _table(found)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _only(value: object, what: str) -> dict[str, Any]:
    found = _list(value)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise AgentError(f"The order must have one {what}, and has {len(found)}.")
    return found[0]
