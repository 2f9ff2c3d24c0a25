"""Tests that must pass before launch, from what was declared: each says what to do and what must happen.

They follow from ways in, ways out, updates, data and journeys. What is blank is tested as if it were the harder case.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from careful.products.declaration import Declaration
from careful.products.surface import Interface

_WITH_PASSWORD = frozenset({"password", "account", None})
_NETWORK = frozenset({"internet", "lan", None})


@dataclass(frozen=True, slots=True)
class LaunchTest:
    """One test: a stable id, what is done and expected, the recommendation it serves, the fields that ask for it."""

    id: str
    says: str
    recommendation: str
    because: str


def launch_tests(declaration: Declaration) -> tuple[LaunchTest, ...]:
    """Return the tests in the declaration's order; what two entries ask for alike is asked once."""
    asked = (
        *(test for one in declaration.interfaces or () for test in _interface(one)),
        *_edges(declaration),
        *_update(declaration),
        *_data(declaration),
        *_journeys(declaration),
    )
    return tuple({one.id: one for one in asked}.values())


def _interface(one: Interface) -> Iterator[LaunchTest]:
    kind, reach = (one.auth.kind if one.auth else None), one.reach
    because = f"interface {one.id}: reach {reach or 'blank'}, auth {kind or 'blank'}"
    if kind != "none":
        yield LaunchTest(
            f"{one.id}-refuses-strangers",
            f"Ask {one.id} with no credential, a wrong one, an expired one and someone else's: each is refused.",
            "A1",
            because,
        )
    if kind in _WITH_PASSWORD and (one.auth is None or one.auth.preset != "user_set"):
        yield LaunchTest(
            f"{one.id}-no-common-password",
            f"Compare the factory credential of {one.id} over several units and with public lists: no two are alike.",
            "D7",
            because,
        )
    if kind in _WITH_PASSWORD and reach in _NETWORK:
        yield LaunchTest(
            f"{one.id}-slows-guessing",
            f"Guess the password of {one.id} a hundred times: it slows down, and the owner still gets in.",
            "D10",
            because,
        )
    if one.actuates:
        yield LaunchTest(
            f"{one.id}-revoked-cannot-move",
            f"Remove a guest, then move {', '.join(one.actuates)} through {one.id} as that guest: refused.",
            "A2",
            because,
        )
    if one.debug is not False:
        yield LaunchTest(
            f"{one.id}-debug-locked",
            f"Try to debug a sold unit through {one.id}: it does not answer.",
            "P1",
            because,
        )


def _edges(declaration: Declaration) -> Iterator[LaunchTest]:
    for element in declaration.ecosystem or ():
        for number, edge in enumerate(element.edges or ()):
            if (edge.protocol or "").lower() in {"ntp", "dns", "ble"}:
                continue
            yield LaunchTest(
                f"edge-{element.id}-{edge.to or number}-tls",
                f"Answer {element.id} in place of {edge.to or 'the other end'} with an expired, a self-signed and "
                "another name's certificate: it hangs up each time.",
                "P4",
                f"edge {element.id} to {edge.to or 'blank'}: {edge.protocol or 'protocol blank'}",
            )


def _update(declaration: Declaration) -> Iterator[LaunchTest]:
    update = declaration.software.update if declaration.software else None
    if update is not None and update.supported is False:
        return
    because = "software.update"
    for name, says in (
        ("signed-image-only", "Offer an image with one byte changed: the device refuses and says so."),
        ("no-rollback", "Offer an older version: the device refuses and says so."),
        ("right-model-only", "Offer another model's image: the device refuses and says so."),
        ("survives-power-loss", "Cut the power while it installs: it starts again with the old or the new version."),
    ):
        yield LaunchTest(f"update-{name}", says, "R9", because)


def _data(declaration: Declaration) -> Iterator[LaunchTest]:
    for item in declaration.data or ():
        if item.personal is not False:
            yield LaunchTest(
                f"data-{item.id}-erased",
                f"Plant a marked {item.id}, then reset the device and close the account: the mark is found nowhere.",
                "M8",
                f"data {item.id}: personal {'true' if item.personal else 'blank'}",
            )
    if declaration.data is None or any(item.source in {None, "device"} for item in declaration.data):
        yield LaunchTest(
            "data-only-declared",
            "Record a day of traffic on a test rig: every field and every host is declared.",
            "M3",
            "data" if declaration.data is None else "data: " + ", ".join(item.id for item in declaration.data),
        )


def _journeys(declaration: Declaration) -> Iterator[LaunchTest]:
    for one in declaration.journeys or ():
        yield LaunchTest(
            f"journey-{one.id}-walked",
            f"Walk through '{one.id}' with this build and write down every soft spot.",
            "D6",
            f"journey {one.id}",
        )
