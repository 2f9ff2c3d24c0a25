"""What can happen to a device. Ids, digests and reasons only: never an address, an e-mail or a reading."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("devices.authority_made", subject="authority/{role}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityMade(Event):
    """A certificate authority of ours was made (`role` root or issuing)."""

    role: str
    certificate: str
    not_after: datetime


@event("devices.root_key_moved", subject="authority/root")
@dataclass(frozen=True, slots=True, kw_only=True)
class RootKeyMoved(Event):
    """The root key left this machine, or came back (`direction` out or in)."""

    direction: str
    certificate: str


@event("devices.tokens_made", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TokensMade(Event):
    """One-time enrolment tokens were made; the tokens themselves are known to nobody but their holders."""

    product: str
    hardware: str
    count: int
    devices: tuple[str, ...]
    expires: datetime


@event("devices.enrolled", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnrolled(Event):
    """A device proved its token and its key, and got its first certificate of a line."""

    device: str
    product: str
    certificate: str
    not_after: datetime


@event("devices.activated", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceActivated(Event):
    """A device used its new identity for the first time."""

    device: str
    product: str


@event("devices.renewed", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRenewed(Event):
    """A device got the next certificate of its line; the old one stays good until this one is used."""

    device: str
    product: str
    certificate: str
    replaces: str
    not_after: datetime
    late: bool


@event("devices.enrolment_refused", subject="enrolment/{reason}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRefused(Event):
    """Somebody was refused a certificate; told once a minute for each reason, `count` times since it was last told."""

    reason: str
    count: int = 1


@event("devices.quarantined", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceQuarantined(Event):
    """A device was cut off until somebody restores it."""

    device: str
    product: str
    reason: str


@event("devices.restored", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRestored(Event):
    """A quarantined device may speak again."""

    device: str
    product: str
    state: str
    reason: str


@event("devices.revoked", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevoked(Event):
    """A device's certificates were ended; it needs a new token to come back."""

    device: str
    product: str
    certificates: tuple[str, ...]
    reason: str


@event("devices.retired", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRetired(Event):
    """A device's life ended; nothing brings it back."""

    device: str
    product: str
    certificates: tuple[str, ...]
    reason: str


@event("devices.version_reported", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class VersionReported(Event):
    """A device said that it runs another version than before (`how`: by which protocol)."""

    device: str
    product: str
    version: str
    how: str


@event("devices.traffic_refused", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRefused(Event):
    """Traffic was not let pass; told once a minute for each device and kind, `count` since it was last told."""

    device: str
    kind: str
    count: int
    detail: str


@event("devices.target_token_set", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTokenSet(Event):
    """A device without a certificate store got a token for update polls; an earlier one ends."""

    device: str
    product: str


@event("devices.gateway_token_made", subject="gateway-token/{gateway_token}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTokenMade(Event):
    """A token was made with which something polls for every device of a product, or of all ("")."""

    gateway_token: str
    product: str
    hardware: str
    room: int


@event("devices.gateway_token_revoked", subject="gateway-token/{gateway_token}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTokenRevoked(Event):
    """A gateway token ended."""

    gateway_token: str


@event("devices.registered", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Event):
    """A device that nobody had made polled with a gateway token that may bring in devices."""

    device: str
    product: str
    hardware: str
    gateway_token: str


@event("devices.owner_set", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSet(Event):
    """A device has a person to tell; who that is stands in the owners table alone."""

    device: str
    owner: str


@event("devices.owner_forgotten", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerForgotten(Event):
    """The person's address was erased (`why`: asked, unsubscribed, replaced, retired, transfer)."""

    device: str
    owner: str
    why: str


@event("devices.traits_changed", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TraitsChanged(Event):
    """Where a device stands, its time zone, its tags or whether its owner is asked about updates was changed."""

    device: str
    product: str
    region: str
    zone: str
    consent: str
    tags: tuple[str, ...]


@event("devices.access_probed", subject="interface/{interface}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccessProbed(Event):
    """An interface was tried with a credential that must not open it; `held` where the answer was the expected one."""

    interface: str
    credential: str
    expected: str
    got: str
    held: bool
