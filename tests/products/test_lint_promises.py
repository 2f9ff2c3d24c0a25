from datetime import date

import pytest

from careful.products.lint_promises import look_at_promises
from careful.products.parsing import parse

ON = date(2026, 11, 22)
HEAD = "schema: product/1\n"
PLAIN = "product: {id: a}\n"
BORN = "product: {id: a, placed_on_market: 2024-02-29, expected_life_years: 6}\n"
QUIET = "contact: {security: x}\naccountable: {executive: x}\njourneys: []\n"
KEPT = "support: {until: 2031-01-01}\n"
CASES = [
    pytest.param(PLAIN + KEPT, set(), id="in order"),
    pytest.param(PLAIN, {"no-support-end"}, id="no support section"),
    pytest.param(PLAIN + "support: {restart: true}\n", {"no-support-end"}, id="no end"),
    pytest.param(PLAIN + "support: {until: 2031-01-01, automatic_updates: false}\n", {"updates-by-hand"}, id="by hand"),
    pytest.param(
        PLAIN + KEPT + "software: {update: {supported: false}}\n", {"updates-promised-not-possible"}, id="not possible"
    ),
    pytest.param(BORN + "support: {until: 2030-02-27}\n", {"support-shorter-than-life"}, id="a day short of its life"),
    pytest.param(BORN + "support: {until: 2030-02-28}\n", set(), id="as long as its life, from a leap day"),
    pytest.param(
        BORN.replace("6", "2") + "markets: [EU]\nsupport: {until: 2028-01-01}\n", {"support-under-five-years"}, id="EU"
    ),
    pytest.param(
        BORN.replace("6", "2") + "markets: [SE]\nsupport: {until: 2028-01-01}\n",
        {"support-under-five-years"},
        id="Sweden",
    ),
    pytest.param(BORN.replace("6", "2") + "markets: [US]\nsupport: {until: 2028-01-01}\n", set(), id="not in the EU"),
    pytest.param(PLAIN + KEPT + "claims: [{kind: security}]\n", {"claim-without-evidence"}, id="no evidence"),
    pytest.param(PLAIN + KEPT + "claims: [{kind: privacy, evidence: []}]\n", {"claim-without-evidence"}, id="empty"),
    pytest.param(PLAIN + KEPT + "claims: [{kind: security, evidence: [t1]}]\n", set(), id="evidence"),
    pytest.param(PLAIN + KEPT + "claims: [{kind: other, text: Blue}]\n", set(), id="a colour"),
    pytest.param(PLAIN + KEPT + "claims: [{text: Bank-grade encryption}]\n", {"claim-too-big"}, id="bank-grade"),
    pytest.param(PLAIN + KEPT + "claims: [{text: 'Our UNBREAKABLE lock'}]\n", {"claim-too-big"}, id="unbreakable"),
    pytest.param(PLAIN + KEPT + "claims: [{text: Lifetime support}]\n", {"claim-too-big"}, id="lifetime"),
    pytest.param(
        PLAIN.replace("a}", "a, regulated_as: []}") + KEPT + "claims: [{kind: medical, text: Detects AFib}]\n",
        {"medical-claim"},
        id="medical",
    ),
    pytest.param(
        PLAIN.replace("a}", "a, regulated_as: [medical_device]}") + KEPT + "claims: [{kind: medical}]\n",
        set(),
        id="cleared",
    ),
]


@pytest.mark.parametrize(("lines", "rules"), CASES)
def test_what_is_said_about_promises(lines: str, rules: set[str]):
    assert {hit.rule for hit in look_at_promises(parse((HEAD + lines + QUIET).encode()), None)} == rules


def test_who_answers_and_who_listens():
    hits = {hit.rule for hit in look_at_promises(parse((HEAD + PLAIN + KEPT).encode()), None)}
    assert hits == {"no-security-contact", "nobody-accountable", "no-journeys"}


def test_each_blank_field_is_named_once_with_the_laws_it_holds_up():
    hits = [hit for hit in look_at_promises(parse((HEAD + PLAIN).encode()), ON) if hit.rule == "law-unknown"]
    places = [hit.path for hit in hits]
    assert len(places) == len(set(places))
    assert ("audience", "consumer") in places
    consumer = next(hit for hit in hits if hit.path == ("audience", "consumer"))
    assert "UK product security regime" in consumer.says
    assert "Oregon" in consumer.says


def test_a_blank_within_a_list_is_found_at_its_place():
    text = HEAD + PLAIN + "markets: [US]\naudience: {child_directed: true}\ndata: [{id: x}]\n"
    hits = [hit.path for hit in look_at_promises(parse(text.encode()), ON) if hit.rule == "law-unknown"]
    assert ("data", 0, "personal") in hits
