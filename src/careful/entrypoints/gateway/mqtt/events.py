"""The whole contact of a session with the world: what it is told (events) and what it asks for (commands).

A session never touches a socket, a file or a clock. `now` is in seconds on a clock that never jumps.
"""

from typing import Any

from msgspec import Struct

from careful.entrypoints.gateway.allowance import Spent
from careful.entrypoints.gateway.mqtt.packets import Packet
from careful.kernel.mailbox import Down
from careful.products import NOBODY, Permit, Stream


class ConnectionOpened(Struct, frozen=True):
    """TLS has ended well and the certificate is one of ours.

    Who it is, what its product's declaration permits, which consents hold for its customer, and what it has spent of
    its rates: a memory that the session goes on with, and that outlives it.
    """

    device: str
    permit: Permit
    now: float = 0.0
    consents: frozenset[str] = NOBODY
    spent: Spent = {}
    clock: float = 0.0
    """Seconds since 1970 when `now` was 0."""


class NotLetIn(Struct, frozen=True):
    """Who connected may not: the CONNECT will be answered with `code` (3 unavailable, 5 not authorised)."""

    code: int
    why: str
    now: float = 0.0


class Joined(Struct, frozen=True):
    """The answer to `Join`: the persistent session's subscriptions (filter -> QoS), None where there was none."""

    kept: dict[str, int] | None = None


class PacketReceived(Struct, frozen=True, gc=False):
    """A whole packet came."""

    packet: Packet
    now: float = 0.0


class Broken(Struct, frozen=True):
    """What came is no MQTT; `code` is how MQTT 5 says it."""

    why: str
    code: int = 0x81


class Stored(Struct, frozen=True):
    """These are on disk now."""

    tokens: tuple[int, ...]


class RefusedByInbox(Struct, frozen=True):
    """These could not be stored."""

    tokens: tuple[int, ...]
    why: str


class DownWaiting(Struct, frozen=True):
    """Something new waits in the mailbox."""


class DownMessages(Struct, frozen=True):
    """What was fetched from the mailbox; `retained` as it was asked for, `more` where it was not all."""

    messages: tuple[Down, ...]
    retained: bool = False
    more: bool = False


class Answered(Struct, frozen=True):
    """Something is to be said to the device now, if it has subscribed to it; it is not kept."""

    topic: str
    payload: bytes


class PermitChanged(Struct, frozen=True):
    """Another declaration is in force now."""

    permit: Permit


class ConsentsChanged(Struct, frozen=True):
    """The device's customer gave a consent, or took one back: these are all that hold now."""

    consents: frozenset[str]


class Rested(Struct, frozen=True):
    """The pause that `Rest` asked for is over."""


class Tick(Struct, frozen=True):
    """Time has passed."""

    now: float


class Cut(Struct, frozen=True):
    """The gateway ends this connection: quarantine, takeover, expiry, a slow reader, or our own stopping.

    `code` is how MQTT 5 says it. `moved`: another gateway has the session already, and decides how long it lasts.
    """

    why: str
    with_will: bool = False
    code: int = 0x98
    moved: bool = False


class Lost(Struct, frozen=True):
    """The network connection is gone."""


Event = (
    ConnectionOpened | NotLetIn | Joined | PacketReceived | Broken | Stored | RefusedByInbox | DownWaiting | Answered
    | DownMessages | PermitChanged | ConsentsChanged | Rested | Tick | Cut | Lost
)  # fmt: skip


class Send(Struct, frozen=True, gc=False):
    """Send a packet."""

    packet: Packet


class Store(Struct, frozen=True, gc=False):
    """Put a message into the inbox and answer with `Stored` or `RefusedByInbox`. Token 0: no answer is needed.

    A message with personal fields carries its stream and its fields, because those are sealed before they lie anywhere.
    `exactly` is QoS 2: its packet identifier stays taken until `Release`; what comes under it until then is a resend.
    `once`: the record has a time of its own, so that whatever is the same is the same record.
    """

    token: int
    topic: str
    payload: bytes
    packet: int = 0
    resend: bool = False
    stream: Stream | None = None
    fields: dict[str, Any] | None = None
    exactly: bool = False
    once: bool = False


class Release(Struct, frozen=True, gc=False):
    """Note that a packet identifier of QoS 2 is free again, and answer with `Stored` (token 0: no answer is needed)."""

    token: int
    packet: int


class Forget(Struct, frozen=True):
    """A new session has begun: whatever packet identifier of QoS 2 the old one had taken is free."""


class Later(Struct, frozen=True):
    """Store this after so many seconds, unless the device's session is joined again before."""

    store: Store
    seconds: float


class Settle(Struct, frozen=True):
    """Note that the device knows of everything it sent that it was taken."""


class Report(Struct, frozen=True):
    """Note which version the device says it runs ("" where it does not say), and how often that has crashed."""

    version: str
    crashes: int | None = None


class Join(Struct, frozen=True):
    """Take the device's place: end an older connection of the same name, then begin or find its session.

    With `clean`, forget what there was. With `lasts`, the session outlives the connection. Answered with `Joined`, or
    `NotLetIn` where the database does not answer. `shown` is the device's nonce, empty where it takes no part.
    """

    clean: bool
    lasts: float = 0.0
    shown: bytes = b""


class Leave(Struct, frozen=True):
    """The session outlives its connection by so many seconds, and no longer."""

    lasts: float


class Keep(Struct, frozen=True):
    """Keep the persistent session's subscriptions and answer with `Stored`."""

    token: int
    subscriptions: dict[str, int]


class Fetch(Struct, frozen=True):
    """Fetch what waits in the mailbox above number `after`; with `retained`, the desired state even if it was had."""

    after: int
    retained: bool = False


class Delivered(Struct, frozen=True):
    """The device has this message."""

    number: int


class Received(Struct, frozen=True):
    """Note that the device has this message (PUBREC), and answer with `Stored`: it is not to be sent again."""

    token: int
    number: int


class Count(Struct, frozen=True):
    """Count a refusal; `left_out` where it was of one field only, and the rest of the message was taken."""

    kind: str
    detail: str
    left_out: bool = False


class Pause(Struct, frozen=True):
    """Take nothing more from the network for now."""


class Resume(Struct, frozen=True):
    """Go on taking."""


class Rest(Struct, frozen=True):
    """Come back with `Rested` after so many seconds."""

    seconds: float


class Close(Struct, frozen=True):
    """Send what is left to send, then end the connection."""

    why: str


Command = (
    Send | Store | Release | Forget | Later | Settle | Report | Join | Leave | Keep | Fetch | Delivered | Received
    | Count | Pause | Resume | Rest | Close
)  # fmt: skip
