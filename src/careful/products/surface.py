"""What the device is and every way into it: connectivity, interfaces, hardware, software, support."""

from typing import Annotated, Literal

from pydantic import Field

from careful.products.vocabulary import (
    MAX_ITEMS,
    Day,
    Days,
    Id,
    Name,
    Part,
    Protocol,
    Reach,
)

Names = Annotated[tuple[Name, ...], Field(max_length=MAX_ITEMS)]
Ids = Annotated[tuple[Id, ...], Field(max_length=MAX_ITEMS)]
Protocols = Annotated[tuple[Protocol, ...], Field(max_length=MAX_ITEMS)]


class Support(Part):
    """How long and how security updates come. A published `until` may move later, never earlier."""

    until: Day | None = None
    """Last day on which security updates are promised."""
    automatic_updates: bool | None = None
    """Updates install by themselves unless the owner says no."""
    user_can_postpone: bool | None = None
    restart: bool | None = None
    """An update interrupts the device's work for a moment."""
    cadence_days: Days | None = None
    """At most so many days between regular security updates."""
    last_extended: Day | None = None


class Connectivity(Part):
    """How the product reaches anything beyond itself."""

    internet: Literal["direct", "via_hub", "none"] | None = None
    protocols: Protocols | None = None
    radio: bool | None = None
    accounts: bool | None = None
    """Owners sign in to an account."""
    remote_access: bool | None = None
    """It can be used or watched from outside the home."""
    works_offline: Ids | None = None
    """Features that work without the internet."""
    cloud_required_for: Ids | None = None
    """Features that stop when the maker's cloud stops."""
    heartbeat_minutes: Annotated[int, Field(ge=1, le=525_600)] | None = None
    """A device that is well is heard of at least this often."""


class Auth(Part):
    """How an interface knows who asks."""

    kind: Literal["none", "password", "key", "account", "pairing"] | None = None
    preset: Literal["none", "shared", "unique", "user_set"] | None = None
    """The credential it leaves the factory with; `shared` is one password for every unit."""
    forced_change: bool | None = None
    """Nothing but set-up works until the owner has set a credential."""
    mfa: Literal["none", "offered", "required"] | None = None
    lockout: bool | None = None
    """Guessing is slowed down or stopped."""


class Transport(Part):
    """How an interface protects what passes."""

    tls: Literal["none", "1.0", "1.1", "1.2", "1.3"] | None = None
    """The lowest TLS version that is accepted."""
    pinned: bool | None = None


class Interface(Part):
    """One way in."""

    id: Id
    kind: (
        Literal["http", "mqtt", "ble", "serial", "jtag", "usb", "app", "cloud", "update", "ssh", "telnet", "other"]
        | None
    ) = None
    reach: Reach | None = None
    auth: Auth | None = None
    transport: Transport | None = None
    actuates: Names | None = None
    """What in the physical world can be moved through it."""
    debug: bool | None = None
    locked_in_production: bool | None = None
    monitor: Name | None = None
    """The log source that watches it."""


class Hardware(Part):
    """What it is made of."""

    processor: Literal["mcu", "mpu"] | None = None
    external_storage: bool | None = None
    ram: Literal["ddr", "sram"] | None = None
    root_of_trust: Literal["none", "mutable", "immutable"] | None = None
    debug_port: bool | None = None
    camera: bool | None = None
    microphone: bool | None = None
    location: bool | None = None
    biometrics: bool | None = None
    actuators: Names | None = None
    safety_relevant: bool | None = None
    """Someone could be hurt when it does the wrong thing."""


class Update(Part):
    """How new software gets in."""

    supported: bool | None = None
    signed: Literal["none", "shared_key", "asymmetric"] | None = None
    encrypted: bool | None = None
    anti_rollback: bool | None = None
    remote: bool | None = None


class Software(Part):
    """What runs on it."""

    os: Name | None = None
    bootloader: Name | None = None
    web_app: bool | None = None
    memory_unsafe: bool | None = None
    """Some of it is written in C, C++ or the like."""
    containers: bool | None = None
    custom_code: bool | None = None
    """Owners or partners can run code of their own on it."""
    update: Update | None = None
    logs: bool | None = None
    sbom: Name | None = None
    """Where its list of components is kept."""
