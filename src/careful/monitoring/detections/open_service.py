"""A service that finds, maps or amplifies stands open on the device, and nobody declared it."""

from msgspec import Struct

from careful.monitoring.firing import fired
from careful.monitoring.model import Action, Detection, Expected, Flow, Window

ID = "open_service"
TITLE = "Undeclared open service"
WORDS = (
    "A port of a service stands open that opens ways into a network or can be aimed at others (SSDP of UPnP, mDNS, "
    "WS-Discovery, NAT-PMP, SNMP, TFTP, NetBIOS, CLDAP, CoAP, SIP, memcached, chargen, telnet, ADB), or the device "
    "asked its router for an open port (NAT-PMP, PCP), and the declaration does not name it."
)
LIMIT = "The declaration: edges of `device` with `direction: in` or `both`; a MUD file. Where it is silent, none."
BUDGET = 0.001
ACTION: Action = "alert"

SERVICES = {
    (1900, "udp"): "SSDP (UPnP)", (5353, "udp"): "mDNS", (3702, "udp"): "WS-Discovery", (5351, "udp"): "NAT-PMP",
    (161, "udp"): "SNMP", (69, "udp"): "TFTP", (137, "udp"): "NetBIOS", (389, "udp"): "CLDAP", (5683, "udp"): "CoAP",
    (5060, "udp"): "SIP", (11211, "udp"): "memcached", (11211, "tcp"): "memcached", (19, "udp"): "chargen",
    (23, "tcp"): "telnet", (2323, "tcp"): "telnet", (5555, "tcp"): "ADB", (2869, "tcp"): "UPnP events",
}  # fmt: skip
_MAPPING = (5351, "udp")


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at the ports that stand open, and at what was asked of the router."""
    for place in sorted(window.listening & SERVICES.keys()):
        if not _is_declared(place, window, expected):
            port, transport = place
            says = f"{SERVICES[place]} stands open on port {port}/{transport}, which nobody declared."
            return _fired(window, expected, says, f"{port}/{transport}", memory)
    for flow in window.flows:
        asks = flow.opened_by_device and (flow.port, flow.transport) == _MAPPING
        if asks and (flow.host or flow.peer, *_MAPPING) not in (expected.hosts or ()):
            says = "It asked its router to open a port to the outside (NAT-PMP or PCP), which nobody declared."
            return _fired(window, expected, says, "mapping", memory)
    return None, memory


def _fired(window: Window, expected: Expected, says: str, cause: str, memory: Memory) -> tuple[Detection, Memory]:
    known = expected.inbound is not None or expected.profile is not None
    source, action = ("declaration", ACTION) if known else ("built-in", "note")
    return fired(ID, window, 1, 0, source, says, action, cause), memory  # type: ignore[arg-type]


def _is_declared(place: tuple[int, str], window: Window, expected: Expected) -> bool:
    port, transport = place
    if expected.profile is not None:
        return expected.profile.permits(
            Flow(window.start, window.device, "192.168.0.2", None, port, transport, opened_by_device=False)
        )
    return any((one, way) == place for _, one, way in expected.inbound or ())
