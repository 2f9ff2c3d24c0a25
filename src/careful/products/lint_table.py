"""What the linter looks for: one row a rule, with its level and the recommendation of the guide behind it.

An error is wrong; a warning stands in somebody's way; a note names what is unknown. Notes alone leave a file in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from careful.products.reading import Path

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing the linter looks for."""

    id: str
    level: Level
    recommendation: str
    title: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that something in the declaration meets: where, what, what was expected and found, what to do."""

    rule: str
    path: Path
    says: str
    expected: str
    found: str
    do: str


Hits = Iterator[Hit]

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("unreadable", "error", "I1", "The file can be read"),
        Rule("schema", "error", "I1", "The file fits the schema"),
        # data
        Rule("data-without-feature", "warning", "D2", "Every kind of data serves a feature"),
        Rule("data-of-unknown-feature", "warning", "D2", "A feature that data serves is one that people meet"),
        Rule("data-without-recipients", "warning", "I1", "It is said who gets the data"),
        Rule("data-without-fields", "warning", "M3", "A stream names the fields it may have"),
        Rule("personal-without-retention", "warning", "M4", "Personal data is kept for a number of days"),
        Rule("personal-without-purpose", "warning", "M5", "Personal data has a purpose"),
        Rule("personal-in-the-clear", "error", "P4", "Personal data is encrypted where it lies and where it travels"),
        Rule("child-without-parent", "error", "P7", "Children's data waits for a parent's consent"),
        Rule("field-against-its-item", "warning", "M5", "A field stays within what its data item says to owners"),
        Rule("reader-without-role", "error", "D9", "Whoever may read a field is a role of the staff"),
        Rule("sensitive-not-personal", "warning", "M5", "What is sensitive is personal"),
        Rule("range-beyond-unit", "warning", "M3", "A range lies within what its unit can be"),
        Rule("rate-without-room", "warning", "M3", "A rate leaves room for one message"),
        Rule("edge-to-nowhere", "error", "D4", "What data flows to is declared"),
        Rule("supplier-without-contract", "warning", "U7", "Who gets data has signed a contract"),
        Rule("supplier-without-evidence", "warning", "U6", "Who gets data has shown that it protects data"),
        # ways in
        Rule("shared-password", "error", "D7", "No password is the same on every unit"),
        Rule("watching-without-second-factor", "error", "D9", "Watching or opening from afar takes a second factor"),
        Rule("open-interface", "error", "A1", "Whatever a network reaches asks who is there"),
        Rule("endless-guessing", "warning", "D10", "Guessing is slowed down"),
        Rule("open-debug", "error", "P1", "Debugging is locked in what is sold"),
        Rule("clear-text-service", "error", "P1", "No service from before encryption"),
        Rule("weak-transport", "error", "P4", "The internet is spoken to over TLS 1.2 or later"),
        Rule("unsigned-update", "error", "R9", "Updates are signed with a key that the device does not hold"),
        Rule("rollback-allowed", "warning", "R9", "An older version is refused"),
        Rule("host-live-and-test", "error", "A5", "Live and test systems are apart"),
        Rule("unmonitored-interface", "note", "M10", "What the internet reaches is watched"),
        # promises
        Rule("no-support-end", "warning", "C6", "The last day of security updates is given"),
        Rule("support-shorter-than-life", "warning", "C8", "Updates last as long as the product is expected to"),
        Rule("support-under-five-years", "warning", "C8", "In the EU updates last five years or more"),
        Rule("updates-by-hand", "warning", "R7", "Updates install by themselves"),
        Rule("updates-promised-not-possible", "error", "R7", "What is promised to be updated can be"),
        Rule("claim-without-evidence", "warning", "C8", "A claim points at what shows it"),
        Rule("claim-too-big", "warning", "C8", "No claim that nothing can show"),
        Rule("medical-claim", "error", "P8", "A medical claim is made for a medical device only"),
        Rule("no-security-contact", "note", "R11", "It is said where to report a security problem"),
        Rule("nobody-accountable", "note", "U1", "A named executive answers for it"),
        Rule("no-journeys", "note", "D6", "It is said how people go through the product's life"),
        Rule("law-unknown", "note", "P6", "Nothing blank leaves open whether a law applies"),
    )
}
"""Every rule, by id; the documentation is tested against it."""
