import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.database import canonical_json
from careful.products.declaration import Declaration
from careful.products.laws import Answer, LawAnswer, judge
from careful.products.pack import LawPack

ON = date(2026, 11, 22)
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

FILLED: dict[str, Any] = {
    "schema": "product/1",
    "product": {"id": "cam-9", "category": "camera", "regulated_as": []},
    "markets": ["US", "US-CA", "US-OR", "EU", "UK"],
    "audience": {
        "consumer": True,
        "child_directed": False,
        "actual_knowledge_child": False,
        "sold_to_healthcare": False,
        "health_from_several_sources": False,
    },
    "claims": [],
    "connectivity": {"internet": "direct", "protocols": ["wifi"], "radio": True},
    "data": [{"id": "clip", "class": "video_home", "personal": True}],
}


def declared(**sections: Any) -> Declaration:
    """Return the camera with sections changed; a value of None blanks the section."""
    facts = {key: dict(value) if isinstance(value, dict) else value for key, value in FILLED.items()}
    for name, value in sections.items():
        facts[name] = facts[name] | value if isinstance(value, dict) else value
    return Declaration.model_validate_json(canonical_json(facts))


def answer(law: str, declaration: Declaration, on: date = ON) -> LawAnswer:
    return next(one for one in judge(declaration, on) if one.law.id == law)


CASES = [
    # A plain consumer camera.
    pytest.param("eu-cra-reporting", {}, YES, id="CRA reporting"),
    pytest.param("eu-red-network", {}, YES, id="RED d"),
    pytest.param("eu-red-privacy", {}, YES, id="RED e"),
    pytest.param("eu-red-money", {}, NO, id="RED f: no money"),
    pytest.param("uk-psti", {}, YES, id="PSTI"),
    pytest.param("us-ca-devices", {}, YES, id="California"),
    pytest.param("us-or-devices", {}, YES, id="Oregon"),
    pytest.param("us-coppa", {}, NO, id="COPPA: no children"),
    pytest.param("us-hbnr", {}, NO, id="HBNR: no health"),
    pytest.param("us-hipaa", {}, NO, id="HIPAA: not sold to healthcare"),
    pytest.param("us-fdca-524b", {}, NO, id="524B: not medical"),
    pytest.param("us-ftc-act-5", {}, YES, id="FTC Act"),
    # Markets.
    pytest.param("eu-cra", {"markets": ["DE"]}, YES, id="a member state is the EU"),
    pytest.param("eu-cra", {"markets": ["NO"]}, YES, id="Norway is in the EEA"),
    pytest.param("eu-cra", {"markets": ["CH"]}, NO, id="Switzerland is not"),
    pytest.param("uk-psti", {"markets": ["GB"]}, YES, id="GB is the UK"),
    pytest.param("us-ca-devices", {"markets": ["US"]}, UNKNOWN, id="US may mean California"),
    pytest.param("us-ca-devices", {"markets": ["US", "US-OR"]}, NO, id="Oregon is not California"),
    pytest.param("us-ftc-act-5", {"markets": ["US-CA"]}, YES, id="California is in the US"),
    pytest.param("us-ftc-act-5", {"markets": []}, NO, id="sold nowhere"),
    pytest.param("us-ftc-act-5", {"markets": None}, UNKNOWN, id="markets blank"),
    # Attributes.
    pytest.param("uk-psti", {"audience": {"consumer": False}}, NO, id="PSTI: not for consumers"),
    pytest.param("uk-psti", {"product": {"regulated_as": ["computer"]}}, NO, id="PSTI: a computer is excepted"),
    pytest.param("uk-psti", {"product": {"regulated_as": None}}, UNKNOWN, id="PSTI: exception blank"),
    pytest.param("uk-psti", {"connectivity": {"internet": "none", "protocols": []}}, NO, id="PSTI: not connectable"),
    pytest.param("uk-psti", {"connectivity": {"internet": "none", "protocols": ["ble"]}}, YES, id="PSTI: Bluetooth"),
    pytest.param(
        "us-ca-devices", {"connectivity": {"internet": "via_hub", "protocols": ["zigbee"]}}, NO, id="CA: address"
    ),
    pytest.param("eu-red-privacy", {"data": [], "product": {"category": "toy"}}, YES, id="RED e: a toy without data"),
    pytest.param("eu-red-privacy", {"data": []}, NO, id="RED e: no data"),
    pytest.param("eu-red-money", {"data": [{"id": "p", "class": "payment"}]}, YES, id="RED f: money"),
    pytest.param("us-coppa", {"audience": {"actual_knowledge_child": None}}, UNKNOWN, id="COPPA: not asked"),
    pytest.param("us-coppa", {"audience": {"child_directed": True}}, YES, id="COPPA: for children"),
    pytest.param(
        "us-coppa",
        {"audience": {"child_directed": True}, "data": [{"id": "x", "personal": False}]},
        NO,
        id="COPPA: no data",
    ),
    pytest.param(
        "us-coppa", {"audience": {"child_directed": True}, "data": [{"id": "x"}]}, UNKNOWN, id="COPPA: personal blank"
    ),
    pytest.param("us-fdca-524b", {"claims": [{"kind": "medical"}]}, YES, id="524B: by claim"),
    pytest.param("us-fdca-524b", {"product": {"regulated_as": ["medical_device"]}}, YES, id="524B: a medical device"),
    pytest.param(
        "us-hbnr",
        {"audience": {"health_from_several_sources": True}, "data": [{"id": "h", "class": "health", "personal": True}]},
        YES,
        id="HBNR: a health record",
    ),
    pytest.param(
        "us-hbnr",
        {
            "audience": {"health_from_several_sources": True},
            "data": [
                {"id": "h", "class": "health", "personal": False},
                {"id": "c", "class": "audio", "personal": True},
            ],
        },
        NO,
        id="HBNR: one entry must be both",
    ),
    pytest.param(
        "us-hipaa",
        {"audience": {"sold_to_healthcare": True}, "data": [{"id": "h", "class": "health", "personal": True}]},
        YES,
        id="HIPAA",
    ),
]


@pytest.mark.parametrize(("law", "sections", "wanted"), CASES)
def test_whether_a_law_applies(law: str, sections: dict[str, Any], wanted: Answer):
    found = answer(law, declared(**sections))
    assert found.answer is wanted, "\n".join(found.trace)
    assert bool(found.blank) == (wanted is UNKNOWN)
    assert found.trace[0].startswith(wanted.value)


def test_a_blank_field_is_named_with_its_law():
    found = answer("us-coppa", declared(audience={"actual_knowledge_child": None}))
    assert found.blank == ("audience.actual_knowledge_child",)
    assert "cannot tell, because audience.actual_knowledge_child is blank" in found.says
    assert any("audience.actual_knowledge_child is blank" in line for line in found.trace)


def test_a_blank_that_could_not_change_the_answer_is_not_asked_for():
    found = answer("us-coppa", declared(audience={"actual_knowledge_child": None}, markets=["EU"]))
    assert (found.answer, found.blank) == (NO, ())


def test_a_blank_section_names_the_field_within_it():
    found = answer("uk-psti", declared(audience=None))
    assert found.blank == ("audience.consumer",)


DAYS = [
    pytest.param("eu-cra-reporting", date(2026, 9, 10), False, id="the day before"),
    pytest.param("eu-cra-reporting", date(2026, 9, 11), True, id="the first day"),
    pytest.param("eu-cra", date(2027, 12, 10), False, id="CRA, the day before"),
    pytest.param("eu-cra", date(2027, 12, 11), True, id="CRA, the first day"),
    pytest.param("eu-red-network", date(2025, 7, 31), False, id="RED, the day before"),
    pytest.param("eu-red-network", date(2025, 8, 1), True, id="RED, the first day"),
]


@pytest.mark.parametrize(("law", "on", "binds"), DAYS)
def test_an_answer_is_for_a_day(law: str, on: date, binds: bool):
    assert answer(law, declared(), on).in_force is binds


def test_what_will_apply_says_since_when():
    assert answer("eu-cra", declared()).says == "EU Cyber Resilience Act: will apply from 2027-12-11."


@pytest.mark.parametrize(
    ("on", "binds"),
    [
        pytest.param(date(2019, 12, 31), False, id="before"),
        pytest.param(date(2020, 1, 1), True, id="first day"),
        pytest.param(date(2021, 1, 1), True, id="last day"),
        pytest.param(date(2021, 1, 2), False, id="after"),
    ],
)
def test_a_law_that_ends(on: date, binds: bool):
    (found,) = judge(declared(), on, pack({"sold_in": "US"}, until="2021-01-01"))
    assert found.in_force is binds
    assert binds or found.says == "X: would apply from 2020-01-01 to 2021-01-01."


def test_the_clock_for_the_final_report_starts_when_a_fix_is_available():
    """Article 14(2)(c): not with awareness, which many get wrong."""
    clocks = {one.id: one for one in answer("eu-cra-reporting", declared()).law.clocks}
    assert clocks["exploited-final"].starts == "a corrective or mitigating measure is available"
    assert str(clocks["exploited-final"].due) == "14 days"
    assert str(clocks["incident-final"].due) == "1 month"
    assert clocks["incident-final"].starts == clocks["incident-notification"].stops
    assert [str(clocks[f"exploited-{one}"].due) for one in ("early-warning", "notification")] == [
        "24 hours",
        "72 hours",
    ]


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(one, order) for one in value] if isinstance(value, list) else value


BLANKABLE = st.sets(st.sampled_from(["markets", "audience", "claims", "connectivity", "data"]))


@given(st.randoms(use_true_random=False), BLANKABLE)
def test_the_order_of_keys_does_not_matter(order: random.Random, blank: set[str]):
    facts = {key: None if key in blank else value for key, value in FILLED.items()}
    first = judge(Declaration.model_validate_json(canonical_json(facts)), ON)
    import json  # noqa: PLC0415 (keys in their shuffled order, which the canonical form would undo)

    again = judge(Declaration.model_validate_json(json.dumps(shuffled(facts, order))), ON)
    assert repr(first) == repr(again)


@given(BLANKABLE)
def test_filling_a_blank_never_turns_yes_into_no(blank: set[str]):
    """Kleene's logic is monotone: what is known with blanks stays known when they are filled."""
    facts = {key: None if key in blank else value for key, value in FILLED.items()}
    before = judge(Declaration.model_validate_json(canonical_json(facts)), ON)
    after = judge(declared(), ON)
    for less, more in zip(before, after, strict=True):
        assert less.answer in {UNKNOWN, more.answer}


def pack(when: dict[str, Any], until: str | None = None) -> LawPack:
    law = {
        "id": "x",
        "title": "X",
        "citation": "x",
        "source": "https://x.example",
        "from": "2020-01-01",
        "until": until,
        "when": when,
        "obligations": [],
        "clocks": [],
    }
    whole = {
        "pack": "laws",
        "version": "2026-01-01",
        "as_of": "2026-01-01",
        "reviewed_by": None,
        "note": "",
        "regions": {},
        "definitions": {},
        "laws": [law],
    }
    return LawPack.model_validate_json(canonical_json(whole))


def test_a_pack_with_an_unknown_condition_is_an_error_not_an_answer():
    with pytest.raises(ValueError, match="unknown condition 'maybe'"):
        judge(declared(), ON, pack({"maybe": []}))


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        pytest.param({"all": []}, YES, id="all of nothing"),
        pytest.param({"any": []}, NO, id="any of nothing"),
        pytest.param({"not": {"not": {"sold_in": "US"}}}, YES, id="not not"),
        pytest.param({"not": {"field": "support.until", "is": "x"}}, UNKNOWN, id="not of unknown"),
        pytest.param({"any": [{"field": "support.until", "is": "x"}, {"sold_in": "US"}]}, YES, id="unknown or yes"),
        pytest.param({"all": [{"field": "support.until", "is": "x"}, {"sold_in": "JP"}]}, NO, id="unknown and no"),
        pytest.param({"some": {"in": "suppliers", "where": {"field": "id", "is": "x"}}}, UNKNOWN, id="some of a blank"),
    ],
)
def test_the_logic(when: dict[str, Any], wanted: Answer):
    (found,) = judge(declared(), ON, pack(when))
    assert found.answer is wanted
