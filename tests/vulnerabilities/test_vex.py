"""VEX for other programs: what each form must say for each status, and nothing that a spreadsheet would compute."""

import csv
import io
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.model import JUSTIFICATIONS, Status
from careful.vulnerabilities.vex import Statement, cyclonedx, openvex, product_id, public, table, withheld

AT = datetime(2026, 11, 2, tzinfo=UTC)
STATUSES = get_args(Status)


def said(status="affected", **more):
    fields = {
        "flaw": "CVE-1",
        "version": "1.0.0",
        "status": status,
        "justification": JUSTIFICATIONS[0] if status == "not_affected" else "",
        "statement": "",
        "action": "",
        "severity": "high",
        "exploited": False,
        "fixed_in": "",
        "components": ("pkg:pypi/pillow@1",),
        "at": AT,
    }
    return Statement(**(fields | more))


def one_of(document, name):
    (found,) = document[name]
    return found


@pytest.mark.parametrize("status", STATUSES)
def test_openvex_says_what_each_status_needs(status):
    """OpenVEX 0.2.0: a justification or impact for not_affected, an action for affected."""
    document = openvex(
        "cam-1", "Hearth", "https://hearth.example/openvex/cam-1", AT, [said(status, statement="Because.")]
    )
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    found = one_of(document, "statements")
    assert found["status"] == status
    assert ("justification" in found) == ("impact_statement" in found) == (status == "not_affected")
    assert ("action_statement" in found) == (status == "affected")
    assert found["products"] == [{"@id": "pkg:generic/cam-1@1.0.0", "subcomponents": [{"@id": "pkg:pypi/pillow@1"}]}]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("affected", "exploitable"),
        ("not_affected", "not_affected"),
        ("fixed", "resolved"),
        ("under_investigation", "in_triage"),
    ],
)
def test_cyclonedx_says_the_same(status, state):
    document = cyclonedx("cam-1", "Hearth", "6f1e", AT, [said(status, fixed_in="1.0.1")])
    found = one_of(document, "vulnerabilities")
    assert found["analysis"]["state"] == state
    assert ("justification" in found["analysis"]) == (status == "not_affected")
    assert found["analysis"].get("response") == (["update"] if status == "affected" else None)
    assert found["affects"] == [{"ref": one_of(document, "components")["bom-ref"]}]


@pytest.mark.parametrize("justification", JUSTIFICATIONS)
def test_every_justification_has_its_word_in_cyclonedx(justification):
    found = cyclonedx("cam-1", "Hearth", "6f1e", AT, [said("not_affected", justification=justification)])
    assert one_of(found, "vulnerabilities")["analysis"]["justification"]


def test_a_release_is_listed_once():
    document = cyclonedx("cam-1", "Hearth", "6f1e", AT, [said(), said(flaw="CVE-2"), said(version="2.0")])
    assert [one["version"] for one in document["components"]] == ["1.0.0", "2.0"]


@given(st.text(max_size=20), st.sampled_from(STATUSES))
def test_a_table_keeps_every_word_and_no_formula(words, status):
    (row,) = list(csv.DictReader(io.StringIO(table("cam-1", [said(status, statement=words)]), newline="")))
    assert row["statement"].removeprefix("'") == words.removeprefix("'")
    assert row["statement"][:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert (row["status"], row["exploited"], row["components"]) == (status, "no", "pkg:pypi/pillow@1")


def test_names_are_escaped():
    assert product_id("cam/1", "1.0+a b") == "pkg:generic/cam%2F1@1.0%2Ba%20b"


def test_words_that_must_not_be_made_public_are_in_no_form():
    words = f"{withheld('AMBER+STRICT')}Acme in A-1: a secret"
    one = said("affected", statement=words, action=words)
    forms = (
        openvex("c", "H", "https://h.example", AT, [one]),
        cyclonedx("c", "H", "6f1e", AT, [one]),
        table("c", [one]),
    )
    assert not any("secret" in str(form) or "Acme" in str(form) for form in forms)
    assert (public("[a note] of ours"), public(words)) == ("[a note] of ours", "")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("pkg:pypi/pillow@1", {"@id": "pkg:pypi/pillow@1"}),
        ("cpe:2.3:a:b:c:1:*:*:*:*:*:*:*", {"identifiers": {"cpe23": "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*"}}),
        ("cpe:/a:b:c", {"identifiers": {"cpe22": "cpe:/a:b:c"}}),
        ("zlib@1.3", {"@id": "pkg:generic/zlib@1.3"}),
        ("zlib@", {"@id": "pkg:generic/zlib"}),
    ],
)
def test_a_component_goes_by_a_name_of_the_standards(name, part):
    document = openvex("cam-1", "Hearth", "https://h.example", AT, [said(components=(name,))])
    assert one_of(document, "statements")["products"][0]["subcomponents"] == [part]
