"""Making a detection, and numbers in its sentence."""

import pytest

from careful.monitoring.firing import fired, number, size, times


def test_the_cause_names_rule_and_product_and_no_device(a_window):
    found = fired("flood", a_window(), 900, 20, "declaration", "Much.", "quarantine", "messages")
    assert found.cause == "flood|cam-9|messages"
    assert found.at == a_window().end


def test_a_long_cause_is_cut(a_window):
    assert len(fired("flood", a_window(), 1, 0, "built-in", "x", "note", "y" * 999).cause) == 200


@pytest.mark.parametrize(("value", "said"), [(3, "3"), (3.25, "3.2"), (12_345.6, "12,346")])
def test_numbers(value, said):
    assert number(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(900, "900 bytes"), (64_000, "64 kB"), (2_500_000, "2.5 MB"), (7e13, "70,000 GB")]
)
def test_sizes(value, said):
    assert size(value) == said


def test_how_often():
    assert (times(1), times(3)) == ("once", "3 times")


def test_what_no_database_can_hold_is_replaced(a_window):
    found = fired(
        "undeclared_field", a_window(), 1, 0, "declaration", "Sent a\0b\ud800" + "x" * 999, "alert", "a\0b\ud800"
    )
    assert found.cause == "undeclared_field|cam-9|a\ufffdb\ufffd"
    assert found.says.startswith("Sent a\ufffdb\ufffd")
    assert len(found.says) == 500
