"""What is lacking before data may go to somebody: named cases; and what is typed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from careful.kernel.errors import Invalid
from careful.suppliers import model
from careful.suppliers.model import Contract, Evidence, Item, Need, Supplier

TODAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
CERTIFICATE = Evidence(
    id="e", supplier="t", kind="certificate", title="ISO 27001", until=date(2027, 6, 1), reference="shelf 3",
    file_name="", file_size=0, sha256="", given_at=NOW, given_by="staff:a", accepted_at=NOW, accepted_by="staff:a",
    withdrawn_at=None,
)  # fmt: skip
SIGNED = Contract(
    number=1, signed=date(2026, 1, 1), until=date(2027, 12, 31), reference="", noted_at=NOW, noted_by="staff:a",
    clauses={"encrypt": None, "notify": 24, "delete": 30, "sub_processors": None},
)  # fmt: skip
GOOD = Supplier(
    id="transcribe-io", name="transcribe.io", contact="", delivers="", recorded_at=NOW, ended_at=None,
    evidence=(CERTIFICATE,), contracts=(SIGNED,),
)  # fmt: skip
NEED = Need(what="Handing clip to transcribe.io", who="transcribe.io", clauses={"encrypt": None, "notify": 24})


@pytest.mark.parametrize(
    ("known", "need", "missing"),
    [
        pytest.param([GOOD], NEED, (), id="all is there"),
        pytest.param([GOOD], replace(NEED, who=" Transcribe-IO "), (), id="by its id, in other letters"),
        pytest.param([], NEED, ("transcribe.io is on record as no supplier",), id="nobody"),
        pytest.param([replace(GOOD, ended_at=NOW)], NEED, ("transcribe.io is no longer a supplier",), id="no longer"),
        pytest.param([replace(GOOD, evidence=())], NEED, ("no evidence is on file",), id="no evidence"),
        pytest.param(
            [replace(GOOD, evidence=(replace(CERTIFICATE, until=date(2026, 11, 30)),))],
            NEED, ("its evidence ended on 2026-11-30",), id="evidence of yesterday",
        ),
        pytest.param([replace(GOOD, evidence=(replace(CERTIFICATE, until=TODAY),))], NEED, (), id="its last day"),
        pytest.param(
            [replace(GOOD, evidence=(replace(CERTIFICATE, accepted_at=None),))],
            NEED, ("its evidence waits to be accepted",), id="nobody looked at it",
        ),
        pytest.param(
            [replace(GOOD, evidence=(replace(CERTIFICATE, withdrawn_at=NOW),))],
            NEED, ("no evidence is on file",), id="withdrawn",
        ),
        pytest.param([replace(GOOD, contracts=())], NEED, ("no contract is in force",), id="no contract"),
        pytest.param(
            [replace(GOOD, contracts=(replace(SIGNED, until=date(2026, 11, 30)),))],
            NEED, ("no contract is in force",), id="a contract of yesterday",
        ),
        pytest.param(
            [replace(GOOD, contracts=(SIGNED, replace(SIGNED, number=2, clauses={"encrypt": None})))],
            NEED, ("its contract lacks notify=24",), id="the newest counts",
        ),
        pytest.param(
            [GOOD], replace(NEED, clauses={"notify": 12, "no_reidentify": None}),
            ("its contract says notify=24, 12 is needed", "its contract lacks no_reidentify"), id="late, and lacking",
        ),
        pytest.param([replace(GOOD, contracts=())], replace(NEED, clauses={}), (), id="nothing is asked of a contract"),
    ],
)  # fmt: skip
def test_what_is_lacking(known: list[Supplier], need: Need, missing: tuple[str, ...]) -> None:
    assert model.lacking(need, known, TODAY) == missing


def test_a_refusal_is_one_sentence_that_names_edge_and_what_is_missing() -> None:
    assert model.refusal([NEED], [GOOD], TODAY) is None
    refused = model.refusal([NEED, replace(NEED, what="The edge device to transcribe")], [], TODAY)
    assert refused is not None
    assert refused.what == (
        "Handing clip to transcribe.io cannot be approved: transcribe.io is on record as no supplier (and 1 more)."
    )
    assert "careful supplier" in refused.do


def test_evidence_says_that_it_ends_soon() -> None:
    assert CERTIFICATE.standing(TODAY) == "good"
    assert replace(CERTIFICATE, until=TODAY + timedelta(days=30)).standing(TODAY) == "ends soon"


def test_whose_turn_it_is() -> None:
    item = Item(id="i", supplier="t", asks="?", due=TODAY, asked_at=NOW, answer="", answered_at=None, closed_at=None)
    assert item.waits_for == "them"
    assert replace(item, answered_at=NOW).waits_for == "us"
    assert replace(item, answered_at=NOW, closed_at=NOW).waits_for == "nobody"


def test_obligations_as_typed() -> None:
    assert model.read_clauses(["encrypt", "notify=24", "delete=30"]) == {"encrypt": None, "notify": 24, "delete": 30}


@pytest.mark.parametrize(
    "typed",
    [["secrecy"], ["encrypt", "encrypt"], ["notify"], ["notify=0"], ["notify=721"], ["notify=x"], ["notify=\u0663"],
     ["encrypt=1"], ["delete=99999999999"], [""]],
)  # fmt: skip
def test_obligations_that_are_none(typed: list[str]) -> None:
    with pytest.raises(Invalid):
        model.read_clauses(typed)


def test_ids_and_texts_have_bounds() -> None:
    bad: list[Any] = ["", "a b", "x" * 65, "\u00e9", "../x"]
    for one in bad:
        with pytest.raises(Invalid):
            model.clean_id(one)
    for text in ("", "x" * 11, "a\x00b"):
        with pytest.raises(Invalid):
            model.clean_text(text, "name", 10)
