"""What the agent may tell the loop. The counterpart of `acts.py`."""

from dataclasses import dataclass

from careful_device.model import Delta, Order, Target


@dataclass(frozen=True)
class Certified:
    """A certificate is on disk, good from `start` to `end` (seconds since the epoch)."""

    start: float
    end: float


@dataclass(frozen=True)
class Connected:
    """The gateway accepted the MQTT connection."""


@dataclass(frozen=True)
class Disconnected:
    """The MQTT connection ended."""

    reason: str


@dataclass(frozen=True)
class Polled:
    """The server's answer to a poll. `order`, `cancel` and `confirm` are (action, address)."""

    sleep: float
    order: tuple[str, str] | None = None
    cancel: tuple[str, str] | None = None
    confirm: tuple[str, str] | None = None
    describe: bool = False


@dataclass(frozen=True)
class Nudged:
    """The server asked over MQTT for a poll soon."""


@dataclass(frozen=True)
class Done:
    """The act succeeded and there is nothing more to say."""


@dataclass(frozen=True)
class Told:
    """The server took the report, or (`gone`) the order no longer stands."""

    gone: bool = False


@dataclass(frozen=True)
class Stepped:
    """The job's step succeeded, with what it found out."""

    order: Order | None = None
    target: Target | None = None
    installed: bool = False
    delta: Delta | None = None


@dataclass(frozen=True)
class Refused:
    """The device will not do this, and never will."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Broken:
    """The step cannot succeed: unhealthy software, a slot driver that gives up."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """The act did not succeed this time; trying again later may help."""

    reason: str


@dataclass(frozen=True)
class Clear:
    """The order's conditions hold."""


@dataclass(frozen=True)
class Held:
    """The order has to wait: for what kind of thing, and why in words."""

    kind: str
    reason: str


Seen = (
    Certified | Connected | Disconnected | Polled | Nudged | Done | Told | Stepped | Refused | Broken | Failed | Clear
    | Held
)  # fmt: skip
