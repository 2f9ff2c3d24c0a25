"""What the loop may ask the agent to do. Each act is answered by exactly one of `seen`, except `Wait`.

The counterpart of `seen.py`: together they are the whole contact between the pure loop and the world.
"""

from dataclasses import dataclass

from careful_device.model import Job


@dataclass(frozen=True)
class Wait:
    """Nothing to do before `until` (seconds since the epoch), unless something is seen."""

    until: float


@dataclass(frozen=True)
class Enrol:
    """Get the first certificate (answer: Certified or Failed)."""


@dataclass(frozen=True)
class Renew:
    """Get the next certificate (answer: Certified or Failed)."""


@dataclass(frozen=True)
class Connect:
    """Open the MQTT connection (answer: Done or Failed; Connected or Disconnected follow unasked)."""


@dataclass(frozen=True)
class Read:
    """Take one reading of `stream` and put it in the backlog (answer: Done)."""

    stream: str


@dataclass(frozen=True)
class Poll:
    """Ask the server what it wants (answer: Polled or Failed)."""


@dataclass(frozen=True)
class Describe:
    """Tell the server version, hardware and slot (answer: Done or Failed)."""


@dataclass(frozen=True)
class AnswerCancel:
    """Answer a request to drop an order (answer: Done or Failed)."""

    action: str
    dropped: bool


@dataclass(frozen=True)
class Ask:
    """Ask the owner about an order, and hand on the answer if there is one (answer: Told, `gone` unless they agree)."""

    action: str
    href: str


@dataclass(frozen=True)
class Tell:
    """Report that the job's step begins (answer: Told or Failed)."""

    job: Job


@dataclass(frozen=True)
class Do:
    """Carry out the job's step (answer: Stepped, Refused, Broken or Failed)."""

    job: Job


@dataclass(frozen=True)
class Look:
    """See whether the order's conditions hold now (answer: Clear or Held)."""

    job: Job


Act = Wait | Enrol | Renew | Connect | Read | Poll | Describe | AnswerCancel | Ask | Tell | Do | Look
