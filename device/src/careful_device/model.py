"""The words of the agent: what an order, a target and a job are. Nothing here reads, writes or asks the time."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from careful_device.conditions import Conditions


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a device knows about itself. `security_floor`: the highest security version it ever confirmed."""

    device: str
    product: str
    hardware: str
    version: str
    security_floor: int = 0
    version_floor: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the server asks for (one chunk, one artifact of a DDI deployment). Not to be believed, only followed."""

    action: str
    href: str
    version: str
    filename: str
    size: int
    download: str
    target_path: str
    product: str = ""
    sha256: str = ""
    install: bool = True
    conditions: Conditions = field(default_factory=Conditions)
    delta_path: str = ""
    delta_href: str = ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What TUF metadata signed: these bytes, for this product and hardware, in this version."""

    path: str
    length: int
    sha256: str
    product: str
    hardware: tuple[str, ...]
    version: str
    security_version: int


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What TUF metadata signed about a patch at `href`: it leads from the bytes `source` to the bytes `result`."""

    path: str
    href: str
    length: int
    sha256: str
    source: str
    source_length: int
    result: str
    result_length: int


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What the director signed: these bytes for this device. `number` grows with each order, `expires` is in UTC."""

    device: str
    product: str
    number: int
    expires: datetime
    path: str
    length: int
    sha256: str


class Step(str, Enum):
    """Where a job stands. Everything before ACTIVATE leaves the software in use untouched."""

    READ = "read"
    CHECK = "check"
    FETCH = "fetch"
    INSTALL = "install"
    ACTIVATE = "activate"
    PROVE = "prove"
    CONFIRM = "confirm"
    ROLLBACK = "rollback"
    CLOSE = "close"


UNTOUCHED = frozenset({Step.READ, Step.CHECK, Step.FETCH, Step.INSTALL})


@dataclass(frozen=True, kw_only=True)
class Job:
    """One order being carried out. `tries` counts the starts of the present step, `due` is when it may start next.

    `clear`: its conditions held when the step was begun. `held` is the kind of thing that it waits for, `waiting` why,
    `wait_told` when that was last told to the server.
    """

    action: str
    href: str
    step: Step = Step.READ
    order: Order | None = None
    target: Target | None = None
    delta: Delta | None = None
    told: bool = False
    tries: int = 0
    due: float = 0.0
    succeeded: bool = False
    outcome: str = ""
    clear: bool = False
    held: str = ""
    waiting: str = ""
    wait_told: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the journal."""
        return asdict(self) | {"step": self.step.value}

    @staticmethod
    def from_json(plain: dict[str, Any]) -> "Job | None":
        """Return the job that was written down, or None when the journal is not readable as one."""
        try:
            order, target, delta = plain.get("order"), plain.get("target"), plain.get("delta")
            if target:
                target = Target(**{**target, "hardware": tuple(target["hardware"])})
            if order:
                order = Order(**{**order, "conditions": Conditions(**order.get("conditions", {}))})
            fields = {**plain, "step": Step(plain["step"]), "order": order or None}
            return Job(**{**fields, "target": target or None, "delta": Delta(**delta) if delta else None})
        except (KeyError, TypeError, ValueError):
            return None
