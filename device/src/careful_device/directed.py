"""Whose turn it is: the director's signed word about an order (Uptane 2.1, section 5.4.4), asked for beside it.

The product's `targets` metadata names the director's key. Where it names one, nothing is installed without its word:
for this device, about this very image, not older than what was heard before, and still good.
"""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tuf.api.metadata import Targets  # type: ignore[attr-defined]  # tuf names these its API without an __all__

from careful_device import files, trust
from careful_device.errors import Refusal
from careful_device.https import Client
from careful_device.model import Assignment, Facts, Order, Target
from careful_device.timefloor import Floor

_LIMIT = 64 << 10
_FILE = "assignment.json"
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def check(client: Client, home: Path, order: Order, target: Target, top: Targets, facts: Facts) -> None:
    """Ask for the director's word about `order`, and note it.

    Raises Refusal unless it gives `target` to this device now, WireError or AnswerError when it cannot be had.
    """
    keyids = trust.directors(top)
    if not keyids:
        return
    url = f"{order.href.partition('?')[0].partition('#')[0]}/assignment"
    answer = client.request("GET", url, headers={"Accept": "application/json"}, limit=_LIMIT)
    if answer.status in _GONE:
        raise Refusal("unsigned", "the order comes without the director's word")
    said = trust.assignment_from(answer.good("Assignment").body, top)
    trust.check_assignment(said, order, target, facts, floor=_floor(home, keyids), now=Floor(home).now())
    _note(home, keyids, said)


def _floor(home: Path, keyids: tuple[str, ...]) -> int:
    """Return the highest number heard from this director; a new key begins anew: a thief's number is no lock."""
    noted = files.read_json(home / _FILE)
    number = noted.get("number")
    return number if noted.get("director") == list(keyids) and isinstance(number, int) else 0


def _note(home: Path, keyids: tuple[str, ...], said: Assignment) -> None:
    plain: dict[str, Any] = {"director": list(keyids), "number": said.number}
    if files.read_json(home / _FILE) != json.loads(json.dumps(plain)):
        files.write_json(home / _FILE, plain)
