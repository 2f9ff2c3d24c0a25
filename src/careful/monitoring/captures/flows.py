"""From finished conversations, as Zeek and flow tables tell them, to windows: ordered by time, cut into seconds."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from careful.monitoring.captures.limits import Limits
from careful.monitoring.captures.seconds import Seconds
from careful.monitoring.captures.slices import Conversation, Moved
from careful.monitoring.model import Flow, Window

_HELD_BACK = 100_000
"""Logs are written when conversations end: so many are held to be put in order of their beginning."""


def windows(
    flows: Iterable[Flow], product: str = "", names: Mapping[str, str] | None = None, limits: Limits | None = None
) -> Iterator[Window]:
    """Yield the windows of these conversations; each counts whole in the second it began."""
    bounds = limits or Limits()
    known = dict(names or {})
    seconds = Seconds(product, known)
    devices: set[str] = set()
    for flow in _in_order(flows):
        if flow.device not in devices:
            if len(devices) >= bounds.devices:
                continue
            devices.add(flow.device)
        yield from seconds.until(flow.at)
        if flow.host:
            known.setdefault(flow.peer, flow.host)
        conversation = Conversation(
            device=flow.device,
            peer=flow.peer,
            port=flow.port,
            transport=flow.transport,
            opened_by_device=flow.opened_by_device,
            began=flow.at,
            last=flow.at + flow.seconds,
            near="",
            near_port=0,
            state=flow.state,
            host=flow.host,
        )
        seconds.of(flow.device).moved[id(conversation)] = Moved(
            conversation, flow.packets_out, flow.packets_in, flow.bytes_out, flow.bytes_in
        )
    yield from seconds.finish()


def _in_order(flows: Iterable[Flow]) -> Iterator[Flow]:
    held: list[tuple[float, int, Flow]] = []
    number = count()
    for flow in flows:
        entry = (flow.at, next(number), flow)
        if len(held) >= _HELD_BACK:
            yield heapq.heappushpop(held, entry)[2]
        else:
            heapq.heappush(held, entry)
    while held:
        yield heapq.heappop(held)[2]
