"""A device holds far more connections open than it needs: a slow attack on what it is connected to."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, LimitFrom, Window

ID = "held_connections"
TITLE = "Connections held open"
WORDS = (
    "The device held many connections open at once. Attacks such as SlowITe take up all places of a broker in this "
    "way, with hardly any traffic. Live, connections under the device's certificate count, and those that it reports."
)
LIMIT = (
    "MQTT: twice the most of the quiet days and 4 more, 20 where none were recorded. All TCP connections: four times "
    "the most of the quiet days and 20 more, else 200."
)
BUDGET = 0.002
ACTION: Action = "quarantine"

_SESSIONS, _CONNECTIONS = 20.0, 200.0


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Compare with the most that is explained."""
    sessions = window.counters.get("mqtt_sessions", 0.0)
    connections = window.counters.get("established_tcp", 0.0)
    known = expected.learnt
    limits: LimitFrom = "built-in" if known is None else "baseline"
    most = _SESSIONS if known is None else 2.0 * known.sessions + 4.0
    if sessions > most:
        says = (
            f"It held {number(sessions)} MQTT connections open at once; {number(most)} are the most that is explained."
        )
        return fired(ID, window, sessions, most, limits, says, ACTION, "mqtt"), memory
    most = _CONNECTIONS if known is None else 4.0 * known.most.get("connections", 0.0) + 20.0
    if connections > most:
        says = f"It held {number(connections)} connections open at once; {number(most)} are the most that is explained."
        return fired(ID, window, connections, most, limits, says, "alert", "tcp"), memory
    return None, memory
