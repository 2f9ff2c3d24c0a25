"""Probing our own doors: each interface is tried with credentials that must not open it, and the answer is kept.

Trying is done from outside by whoever can reach the interface (the demo, a scheduled check); here the answers are
noted, and `unprobed` says which pairs nobody has tried.
"""

from collections.abc import Iterable

from careful.devices import store
from careful.devices.events import AccessProbed
from careful.devices.model import Probe
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World

INTERFACES = ("mqtt", "ddi", "est", "console", "api")
CREDENTIALS = ("none", "wrong", "expired", "replayed", "revoked")
_TEXT = 64


def record_probe(world: World, actor: Actor, interface: str, credential: str, expected: str, got: str) -> bool:
    """Note what an interface answered to a credential; return whether that is what was expected.

    Raises Invalid for an interface or credential that is not in the matrix, and for empty or over-long answers.
    """
    if interface not in INTERFACES or credential not in CREDENTIALS:
        raise Invalid(
            f"{interface[:_TEXT]!r} with {credential[:_TEXT]!r} is not in the matrix of probes.",
            do=f"Interfaces: {', '.join(INTERFACES)}. Credentials: {', '.join(CREDENTIALS)}.",
        )
    if not (0 < len(expected) <= _TEXT and 0 < len(got) <= _TEXT):
        raise Invalid(f"An answer has 1 to {_TEXT} characters.", where="expected, got")
    held = expected == got
    row = {"interface": interface, "credential": credential, "expected": expected, "got": got}
    with world.change(actor) as work:
        store.put_probe(work.connection, {**row, "held": int(held), "at": work.now})
        work.record(AccessProbed(**row, held=held))
    return held


def unprobed(known: Iterable[Probe]) -> list[tuple[str, str]]:
    """Return the pairs of interface and credential that nobody has tried."""
    tried = {(probe.interface, probe.credential) for probe in known}
    return [
        (interface, credential)
        for interface in INTERFACES
        for credential in CREDENTIALS
        if (interface, credential) not in tried
    ]
