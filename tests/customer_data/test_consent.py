"""Consents, on both databases: what can be given, what it is worth to the gateway, and how it ends."""

import pytest

from careful import customer_data, devices, products
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused

TOY = b"""\
schema: product/1
product: {id: toy-1, name: Toy, models: [T-1]}
audience: {child_directed: true}
data:
  - {id: voice, fields: [clip], consent: parental}
  - {id: tips, fields: [page], consent: opt_in}
  - {id: mixed, fields: [a, b], details: {b: {consent: opt_in}}}
  - {id: climate, fields: [celsius], personal: false}
"""


@pytest.fixture
def toy(house, world, staff):
    products.declare(world, staff, TOY)
    products.approve(world, staff, "toy-1")
    return house.maker.device("toy-1-001", product="toy-1")


def words(world, device):
    return customer_data.consent_words(world, [device])[device]


def told(world, name):
    with world.look() as connection:
        return [dict(one.data) for one in ledger.read(connection, names=[f"customer_data.{name}"])]


def test_a_consent_is_given_once_and_withdrawn(world, staff, toy):
    first = customer_data.give_consent(world, staff, toy, "voice", method="card-check")
    again = customer_data.give_consent(world, staff, toy, "voice", "parental", method="paper")
    assert first == again
    assert (first.kind, first.method, first.given_by, first.ended_at) == ("parental", "card-check", str(staff), None)
    assert told(world, "consent_given") == [
        {"device": toy, "product": "toy-1", "item": "voice", "kind": "parental", "method": "card-check"}
    ]
    (ended,) = customer_data.withdraw_consent(world, staff, toy, "voice")
    assert ended.item == "voice"
    assert customer_data.withdraw_consent(world, staff, toy, "voice") == ()
    assert [one["why"] for one in told(world, "consent_withdrawn")] == ["withdrawn"]
    (kept,) = customer_data.consents_of(world, toy)
    assert (kept.ended_by, kept.why) == (str(staff), "withdrawn")
    assert kept.ended_at is not None
    customer_data.give_consent(world, staff, toy, "voice", method="paper")
    assert [one.ended_at is None for one in customer_data.consents_of(world, toy)] == [True, False]


def test_a_parent_s_consent_is_also_an_opt_in_and_not_the_other_way_round(world, staff, toy):
    assert words(world, toy) == frozenset()
    customer_data.give_consent(world, staff, toy, "voice", method="paper")
    customer_data.give_consent(world, staff, toy, "tips")
    customer_data.give_consent(world, staff, toy, "mixed", "parental", method="paper")
    assert words(world, toy) == {
        "voice:parental", "voice:opt_in", "tips:opt_in", "mixed:parental", "mixed:opt_in",
    }  # fmt: skip
    assert customer_data.consent_words(world, ["nobody"]) == {"nobody": frozenset()}


def test_what_asks_for_a_consent(world, toy):
    known = devices.get(world, toy)
    assert customer_data.consents_asked(world, known) == {"voice": "parental", "tips": "opt_in", "mixed": "opt_in"}


REFUSED = [
    pytest.param("climate", None, "", Refused, "needs no consent", id="nothing to agree to"),
    pytest.param("voice", "opt_in", "", Refused, "a parent's consent", id="a child cannot agree"),
    pytest.param("voice", None, "", Invalid, "was verified", id="how was the parent asked"),
    pytest.param("tips", None, "by phone!", Invalid, "one short word", id="a sentence for a word"),
    pytest.param("nothing", None, "", NotFound, "declares no data item or event 'nothing'", id="unknown item"),
]


@pytest.mark.parametrize(("item", "kind", "method", "error", "says"), REFUSED)
def test_what_cannot_be_agreed_to(world, staff, toy, item, kind, method, error, says):
    with pytest.raises(error, match=says):
        customer_data.give_consent(world, staff, toy, item, kind, method)
    assert customer_data.consents_of(world, toy) == ()


def test_only_devices_that_live_have_customers_who_agree(world, staff, toy):
    for act in (customer_data.give_consent, customer_data.withdraw_consent):
        with pytest.raises(NotFound):
            act(world, staff, "toy-1-999", "tips")
    devices.retire(world, staff, toy, "broken")
    with pytest.raises(Refused):
        customer_data.give_consent(world, staff, toy, "tips")


def test_consents_end_with_the_customer_s_time(world, staff, toy):
    customer_data.give_consent(world, staff, toy, "tips")
    customer_data.give_consent(world, staff, toy, "voice", method="paper")
    customer_data.note_began(world, {(toy, "tips"): "toy-1"})
    with world.change(staff) as work:
        assert customer_data.end_consents(work, toy, "transfer") == 2
    assert words(world, toy) == frozenset()
    assert {one["why"] for one in told(world, "consent_withdrawn")} == {"transfer"}
    customer_data.note_began(world, {(toy, "tips"): "toy-1"})
    assert len(told(world, "data_began")) == 2


def test_the_first_record_is_noted_once(world, toy):
    for _ in range(3):
        customer_data.note_began(world, {(toy, "voice"): "toy-1", (toy, "tips"): "toy-1"})
    customer_data.note_began(world, {})
    assert told(world, "data_began") == [
        {"device": toy, "product": "toy-1", "item": "tips"},
        {"device": toy, "product": "toy-1", "item": "voice"},
    ]
