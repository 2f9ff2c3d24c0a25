import re
from datetime import date

import pytest
from pydantic import ValidationError

from careful.products.pack import Condition, Due, laws_pack, read_pack
from careful.products.parsing import known_fields
from careful.products.reading import Unreadable

RECOMMENDATION = re.compile(
    r"I1|D([1-9]|1[0-4])|P([1-9]|1[0-2])|A[1-8]|M([1-9]|1[0-3])|R([1-9]|1[0-2])|U[1-8]|C([1-9]|1[0-4])"
)


def test_every_law_is_dated_sourced_and_says_what_it_asks():
    pack = laws_pack()
    assert len({law.id for law in pack.laws}) == len(pack.laws)
    for law in pack.laws:
        assert law.source.startswith("https://"), law.id
        assert law.citation, law.id
        assert law.obligations, law.id
        assert law.since < (law.until or date.max), law.id
        for duty in law.obligations:
            assert duty.says.endswith("."), (law.id, duty.id)
            assert all(RECOMMENDATION.fullmatch(one) for one in duty.recommendations), (law.id, duty.id)
        for clock in law.clocks:
            assert str(clock.due)


def test_the_laws_that_a_maker_of_devices_meets_are_there():
    wanted = """eu-cra-reporting eu-cra eu-red-network eu-red-privacy eu-red-money uk-psti us-ca-devices us-or-devices
    us-coppa us-hbnr us-hipaa us-fdca-524b us-ftc-act-5"""
    assert {law.id for law in laws_pack().laws} == set(wanted.split())


def fields(condition: Condition, within: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """List every field a condition asks for."""
    if "field" in condition:
        return [(*within, *condition["field"].replace("[]", "").split("."))]
    word, inside = next(iter(condition.items()))
    if word in {"all", "any"}:
        return [path for one in inside for path in fields(one, within)]
    if word == "not":
        return fields(inside, within)
    return fields(inside["where"], (*within, inside["in"])) if word == "some" else []


def test_every_field_a_law_asks_for_is_in_the_declaration():
    pack = laws_pack()
    conditions = [law.when for law in pack.laws] + [one.when for one in pack.definitions.values()]
    for path in {path for condition in conditions for path in fields(condition)}:
        assert path[-1] in known_fields(path[:-1]), path


def test_every_use_is_of_a_definition():
    pack = laws_pack()
    used = set(re.findall(r"'use': '(\w+)'", repr(pack)))
    assert used <= set(pack.definitions)


@pytest.mark.parametrize(
    ("due", "written"),
    [
        pytest.param({"hours": 24}, "24 hours", id="hours"),
        pytest.param({"days": 1}, "1 day", id="one day"),
        pytest.param({"months": 1}, "1 month", id="a month"),
    ],
)
def test_spans_are_written_in_words(due: dict[str, int], written: str):
    assert str(Due(**due)) == written


def test_an_odd_pack_is_refused_as_a_whole():
    with pytest.raises(ValidationError):
        read_pack(b"pack: laws\nlaws: []\n", "laws.yaml")
    with pytest.raises(Unreadable):
        read_pack(b"pack: laws\npack: laws\n", "laws.yaml")


def test_an_answer_says_what_it_is_worth():
    pack = laws_pack()
    assert pack.caution == f"Not legal advice; laws as known on {pack.as_of}, not reviewed by a lawyer."
    assert "reviewed by Kim Counsel" in pack.model_copy(update={"reviewed_by": "Kim Counsel"}).caution
