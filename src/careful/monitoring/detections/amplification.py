"""A device answers small questions at length to strangers: others can aim it at somebody."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "amplification"
TITLE = "Amplification"
WORDS = (
    "A UDP service of the device gave a stranger many times the bytes it was asked with. The asker's address can be "
    "forged, so that the answers hit somebody else."
)
LIMIT = "5 times the bytes of the question, and at least 2 kB in a window."
BUDGET = 0.001
ACTION: Action = "quarantine"
SEES = "recordings"

_TIMES, _LEAST = 5.0, 2_000


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Compare what was asked with what was answered, by port."""
    asked: dict[int, int] = {}
    answered: dict[int, int] = {}
    for flow in window.flows:
        if flow.transport == "udp" and not flow.opened_by_device:
            asked[flow.port] = asked.get(flow.port, 0) + flow.bytes_in
            answered[flow.port] = answered.get(flow.port, 0) + flow.bytes_out
    ratios = [(size / max(asked[port], 1), port) for port, size in answered.items() if size >= _LEAST]
    if not ratios or max(ratios)[0] < _TIMES:
        return None, memory
    times, port = max(ratios)
    says = f"Its UDP port {port} answered with {number(times)} times the bytes it was asked with."
    return fired(ID, window, times, _TIMES, "built-in", says, ACTION, str(port)), memory
