"""Entries in plain sentences."""

import string
from datetime import UTC, datetime

import pytest

import careful.customer_data  # noqa: F401 (registers its events)
from careful.entrypoints.console.pages import common
from careful.kernel.ledger import REGISTRY, Entry

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def entry(name: str, subject: str = "device/a", **data: object) -> Entry:
    return Entry(7, AT, "system:careful", name, subject, data)


@pytest.mark.parametrize("name", sorted(common._SAYS))
def test_sentences_name_only_fields_that_the_event_has(name: str) -> None:
    kind = REGISTRY[name]
    for form in common._SAYS[name]:
        named = {field for _, field, _, _ in string.Formatter().parse(form) if field}
        assert named <= set(kind.__dataclass_fields__), name  # type: ignore[attr-defined]


def test_what_is_told_first_has_a_sentence() -> None:
    assert set(common.TOLD_FIRST) <= set(common._SAYS)
    assert set(common._TOGETHER) <= set(common.TOLD_FIRST)


@pytest.mark.parametrize(
    ("given", "says", "href"),
    [
        pytest.param(
            entry("devices.quarantined", device="a", reason="too loud"),
            "a was quarantined: too loud.",
            "/devices/a",
            id="a reason without a full stop",
        ),
        pytest.param(
            entry("devices.traffic_refused", device="", count=2, kind="handshake", detail="x"),
            "Traffic was refused, 2 times: handshake, x.",
            "/devices",
            id="a stranger has no page",
        ),
        pytest.param(
            entry("releases.signed", release="r1", product="cam-1", version="1.0.1"),
            "cam-1 1.0.1 was signed.",
            "/releases/r1",
            id="a release has a page",
        ),
        pytest.param(
            entry("updates.rollout_halted", rollout="7", reason="Too many failed."),
            "A rollout halted: Too many failed.",
            "/rollouts/7",
            id="a rollout has a page",
        ),
        pytest.param(
            entry("updates.metadata_published", role="snapshot", product="cam-1", version=3),
            "What devices trust was signed anew: snapshot number 3.",
            "/releases?product=cam-1",
            id="what belongs to a product's releases",
        ),
        pytest.param(
            entry("devices.enrolled"), "? enrolled with a key of its own.", "/devices/?", id="a missing field"
        ),
        pytest.param(
            entry("people.signed_in", "staff/x"), "staff/x: people signed in.", "", id="no sentence of its own"
        ),
    ],
)
def test_an_entry_as_a_line(given: Entry, says: str, href: str) -> None:
    line = common.line(given)
    assert (line.says, line.href, line.by, line.seq) == (says, href, "system:careful", 7)


def test_many_of_a_kind_are_one_sentence_and_what_presses_comes_first() -> None:
    enrolled = [entry("devices.enrolled", f"device/{one}", device=one) for one in ("a", "b", "b")]
    halted = entry("updates.rollout_halted", "rollout/r", rollout="r", reason="Too many failed.")
    told = common.told([*enrolled, halted])
    assert [line.says for line in told] == ["A rollout halted: Too many failed.", "2 devices enrolled."]
    assert told[1].href == "/devices"
    assert len(common.told([*enrolled, halted], most=1)) == 1
