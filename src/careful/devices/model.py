"""What is true of a device: who it is, in which state of its life, and which acts that state allows.

    made -> enrolled -> active         quarantine stops all three, restore undoes it, retire ends all four
            ^------------ a new enrolment after revocation starts again from `made`

Everything here is pure: no database, no ledger, no clock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["made", "enrolled", "active", "quarantined", "retired"]
SortBy = Literal["id", "last_seen", "certificate_until"]
Act = Literal["enrol", "use", "quarantine", "restore", "revoke", "retire"]
Before = Literal["made", "enrolled", "active"]
Consent = Literal["automatic", "ask", "declined"]
CONSENTS: tuple[Consent, ...] = ("automatic", "ask", "declined")

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A device id is also its certificate's name and a level of its topics: no character in it is special to either."""

STATES: tuple[State, ...] = ("made", "enrolled", "active", "quarantined", "retired")
ACTS: tuple[Act, ...] = ("enrol", "use", "quarantine", "restore", "revoke", "retire")

_NEXT: Mapping[tuple[State, Act], State] = {
    ("made", "enrol"): "enrolled",
    ("enrolled", "enrol"): "enrolled",
    ("active", "enrol"): "enrolled",
    # A device that polls with a target token has no certificate: its first use makes it active as well.
    ("made", "use"): "active",
    ("enrolled", "use"): "active",
    ("active", "use"): "active",
    ("made", "quarantine"): "quarantined",
    ("enrolled", "quarantine"): "quarantined",
    ("active", "quarantine"): "quarantined",
    ("made", "revoke"): "made",
    ("enrolled", "revoke"): "made",
    ("active", "revoke"): "made",
    ("quarantined", "revoke"): "quarantined",
    ("made", "retire"): "retired",
    ("enrolled", "retire"): "retired",
    ("active", "retire"): "retired",
    ("quarantined", "retire"): "retired",
}


@dataclass(frozen=True, slots=True)
class Life:
    """A state, and for a quarantined device the state that restoring brings back."""

    state: State
    before: Before | None = None


def after(life: Life, act: Act) -> Life | None:
    """Return the life after `act`, or None where the state does not allow it."""
    if act == "restore":
        return Life(life.before or "made") if life.state == "quarantined" else None
    new = _NEXT.get((life.state, act))
    if new is None:
        return None
    if new != "quarantined":
        return Life(new)
    # Revoking under quarantine: there is no certificate left to come back to.
    before: Before = "made" if act == "revoke" else _before(life.state)
    return Life(new, before)


def _before(state: State) -> Before:
    return state if state in ("made", "enrolled", "active") else "made"


@dataclass(frozen=True, slots=True)
class Device:
    """One device as the registry knows it. `version` is what the device itself last reported."""

    id: str
    product: str
    hardware: str
    serial: str | None
    state: State
    version: str | None
    version_at: datetime | None
    certificate_sha256: str | None
    certificate_until: datetime | None
    last_seen: datetime | None
    owner_ref: str | None
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What else is known of a device, as it is where nobody said anything. `consent`: its owner's wish for updates."""

    region: str = ""
    zone: str = ""
    consent: Consent = "automatic"
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """In one hour the device's crash counter grew by `times` while it ran `version`."""

    device: str
    version: str
    hour: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is at the other end of a connection. `certificate_sha256` is empty for a target token."""

    device: str
    product: str
    hardware: str
    state: State
    certificate_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayToken:
    """One secret for many devices: of `product` ("": of all). `room`: how many unknown ones it may still bring in."""

    id: str
    name: str
    product: str
    hardware: str
    room: int
    made_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of a device's line. `number` counts from 1; `key_sha256` is over the SubjectPublicKeyInfo."""

    sha256: str
    device: str
    number: int
    serial: str
    key_sha256: str
    not_before: datetime
    not_after: datetime
    first_used: datetime | None
    ended_at: datetime | None
    ended_why: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a certificate opens a door: no more is read, since it is read at every request."""

    device: str
    product: str
    hardware: str
    state: State
    number: int
    used: bool
    not_before: datetime
    not_after: datetime
    ended_why: str | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A one-time enrolment token, shown once. `device` is empty where the request may name the device itself."""

    device: str
    token: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Traffic that a gateway did not let pass: `kind` is a short word, `detail` names topic or field, `count` >= 1."""

    device: str
    kind: str
    detail: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """All refusals of one kind for one device so far; `detail` is the latest."""

    device: str
    kind: str
    detail: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Cut:
    """An order to end a device's connections. Numbers only grow, in the order in which they became true."""

    number: int
    device: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet in numbers: devices by product and state, and certificates that end soon or have ended."""

    by_product: Mapping[str, Mapping[State, int]]
    total: int
    ending_soon: int
    ended: int


@dataclass(frozen=True, slots=True)
class Contact:
    """An owner who wants security notices."""

    device: str
    email: str
    unsubscribe_token: str


@dataclass(frozen=True, slots=True)
class Probe:
    """The last answer of one interface to one kind of credential that ought to be refused."""

    interface: str
    credential: str
    expected: str
    got: str
    held: bool
    at: datetime


def connects(state: State) -> bool:
    """Tell whether a device in `state` may speak with us at all."""
    return state in ("made", "enrolled", "active")
