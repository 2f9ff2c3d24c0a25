"""What a declaration lets one expect: compiled once, and asked for every window."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from careful import products
from careful.monitoring.model import Expected, Place, Rate
from careful.products import Declaration, ways

_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


def expected_of(declaration: Declaration, own: Iterable[Place] = ()) -> Expected:
    """Compile what is expected. `own` are the installation's doors for devices, which need no declaring."""
    found, left_out = ways(declaration)
    known = bool(found) and not any("direction is not known" in one for one in left_out)
    allowed = products.permit(declaration)
    return Expected(
        product=declaration.id,
        hosts=frozenset({(one.host, one.port, one.protocol) for one in found if not one.to_device} | set(own))
        if known
        else None,
        inbound=frozenset((one.host, one.port, one.protocol) for one in found if one.to_device) if known else None,
        rates=_rates(declaration),
        heartbeat_seconds=_heartbeat(declaration),
        streams=MappingProxyType({name: one.fields for name, one in allowed.streams.items()}),
        events=frozenset(allowed.events),
    )


def _rates(declaration: Declaration) -> Mapping[str, Rate]:
    rates = {}
    for item in declaration.data or ():
        said = getattr(item, "rate", None)
        if said is None or said.per not in _SECONDS:
            continue
        messages, size = said.messages, said.bytes
        if messages is not None or size is not None:
            rates[item.id] = Rate(messages, size, _SECONDS[said.per])
    return MappingProxyType(rates)


def _heartbeat(declaration: Declaration) -> float | None:
    minutes = getattr(declaration.connectivity, "heartbeat_minutes", None)
    return None if minutes is None else float(minutes) * 60.0
