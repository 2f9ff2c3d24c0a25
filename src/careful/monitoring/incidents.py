"""What many devices do at once is one incident, not many: silence of a large part of a fleet above all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from careful.monitoring.detections import silence
from careful.monitoring.firing import number
from careful.monitoring.model import Detection

FLEET_SHARE = 0.2
FLEET_LEAST = 5


def fold_silence(found: Sequence[Detection], heard: Mapping[str, int]) -> list[Detection]:
    """Make one cause of the silence of a large part of a product's devices; `heard`: devices that were being heard."""
    silent: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.rule == silence.ID:
            silent[one.cause].add(one.device)
    wide = {
        cause
        for cause, devices in silent.items()
        if len(devices) >= max(FLEET_LEAST, FLEET_SHARE * heard.get(cause.split("|")[1], 0))
    }
    return [
        replace(
            one,
            cause=f"{one.cause}|fleet",
            says=f"{number(len(silent[one.cause]))} devices fell silent together: one incident, "
            "more likely of the network or of ours than of theirs.",
        )
        if one.cause in wide
        else one
        for one in found
    ]
