"""Sets for others: refused below the declared k, marked, other for each recipient, and found again."""

import dataclasses
import json

import pytest

from careful import customer_data, devices, products
from careful.customer_data import deidentified_store
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unavailable

RULES = ("zone=keep", "seconds=round:10", "at=week", "device=pseudonym")


@pytest.fixture
def fleet(house, staff):
    """Four cameras: three say the same, one says something of its own."""
    text = products.text_of(house.world, "cam-1", 1).decode()
    text = text.replace("retention: {days: 14}", "retention: {days: 14}, deidentified: {method: bands, k: 3}")
    products.declare(house.world, staff, text.encode())
    products.approve(house.world, staff, "cam-1")
    for number in range(1, 5):
        device = house.device(f"cam-1-{number:03}") if number > 1 else "cam-1-001"
        house.say("up/clip", device, version=2, zone="canary-attic" if number == 4 else "hall", seconds=10 + number)
    return house.world


def make(world, recipient="vendor-x", rules=RULES, **more):
    return customer_data.release_deidentified(world, OPERATOR, "cam-1", "clip", recipient, rules, **more)


def told(world):
    with world.look() as connection:
        return [dict(one.data) for one in ledger.read(connection, names=["customer_data.deidentified"])]


def test_below_the_declared_k_it_is_refused_and_told(fleet):
    with pytest.raises(Refused, match=r"k is 1, declared is 3\. 25 % of rows .* This is not de-identified"):
        make(fleet)
    (said,) = told(fleet)
    assert (said["released"], said["k"], said["unique_percent"], said["low"]) == (False, 1, 25.0, ["zone"])
    assert "canary" not in json.dumps(said)


def test_with_suppression_it_is_handed_out_marked_and_planted(fleet):
    made = make(fleet, suppress=True)
    head, *lines = map(json.loads, made.text.splitlines())
    assert "Do not re-identify" in head["notice"]
    assert head["steps"][0] == "zone: kept as it is"
    assert head["k"] == made.measured.k == 3
    assert (made.records, made.left_out, len(lines)) == (3, 1, 6)
    assert {line["zone"] for line in lines} == {"hall"}
    assert "canary" not in made.text
    assert "cam-1-0" not in made.text
    assert len({line["person"] for line in lines}) == 6
    (said,) = told(fleet)
    assert (said["released"], said["records"], said["planted"], said["digest"]) == (True, 3, 3, made.digest)


def test_a_copy_says_through_whom_it_came(fleet):
    first, second = make(fleet, suppress=True), make(fleet, "vendor-y", suppress=True)
    assert not {json.loads(line).get("person") for line in first.text.splitlines()[1:]} & {
        json.loads(line).get("person") for line in second.text.splitlines()[1:]
    }
    (best, *_) = customer_data.whose_copy(fleet, second.text.encode())
    assert (best.recipient, best.sure, best.by_mark) == ("vendor-y", "mark", best.planted)
    part = "\n".join(second.text.splitlines()[1:]).replace('"zone": "hall", ', "")
    assert customer_data.whose_copy(fleet, part.encode())[0].recipient == "vendor-y"
    assert customer_data.whose_copy(fleet, b'nonsense\n[1]\n{"record": "none"}\n') == []


def stripped(text):
    return "".join(
        json.dumps({name: value for name, value in json.loads(line).items() if name not in {"record", "person"}}) + "\n"
        for line in text.splitlines()[1:]
    ).encode()


def test_a_copy_without_ids_says_it_too_as_far_as_values_can(fleet):
    made = [make(fleet, f"vendor-{name}", suppress=True) for name in "xyz"]
    for one in made:
        (best, *others) = customer_data.whose_copy(fleet, stripped(one.text))
        assert (best.recipient, best.sure, best.by_mark) == (one.recipient, "whole", 0)
        assert not any(other.sure in {"whole", "only"} for other in others)
        assert "row for row" in best.says
    (*few,) = customer_data.whose_copy(fleet, stripped(made[0].text).splitlines()[0])
    assert {one.sure for one in few} == {"possible"}
    with pytest.raises(Refused, match="That is no proof"):
        customer_data.note_copy(fleet, OPERATOR, few[0])
    with pytest.raises(Forbidden):
        customer_data.note_copy(fleet, Actor("staff", "nobody"), few[0])


def test_what_was_planted_lies_sealed(fleet):
    make(fleet, suppress=True)
    with fleet.look() as connection:
        (row,) = deidentified_store.listed(connection)
    assert row.planted == []
    assert b"hall" not in row.sealed
    rows = [{"record": "abc", "zone": "hall"}]
    with fleet.change(OPERATOR) as work:  # as it lay before it was sealed
        work.connection.execute(deidentified_store.release.update().values(planted=rows, sealed=None))
    assert customer_data.whose_copy(fleet, b'{"record": "abc"}')[0].sure == "mark"
    assert [customer_data.seal_planted(fleet) for _ in range(2)] == [1, 0]
    assert customer_data.whose_copy(fleet, b'{"record": "abc"}')[0].sure == "mark"
    with fleet.change(OPERATOR) as work:
        work.connection.execute(deidentified_store.release.update().values(sealed=bytes(40)))
    with pytest.raises(Unavailable, match="does not open"):
        customer_data.whose_copy(fleet, b"{}")


def test_addresses_of_a_domain_that_nobody_uses_are_a_trap(fleet):
    settings = fleet.settings.model_copy(update={"trap_domain": "trap.example.com"})
    fleet = dataclasses.replace(fleet, settings=settings)
    first, second = make(fleet, suppress=True), make(fleet, "vendor-y", suppress=True)
    given = [json.loads(line)["contact"] for line in second.text.splitlines()[1:]]
    assert len(set(given)) == len(given) >= 6
    assert {one.partition("@")[2] for one in given} == {"trap.example.com"}
    assert not set(given) & {json.loads(line)["contact"] for line in first.text.splitlines()[1:]}
    (found,) = customer_data.whose_copy(fleet, f"From: x@spam.example\nTo: <{given[0]}>\n\nBuy!".encode())
    assert (found.recipient, found.sure) == ("vendor-y", "address")
    customer_data.note_copy(fleet, OPERATOR, found)
    with fleet.look() as connection:
        (event,) = ledger.read(connection, names=["customer_data.copy_found"])
    assert (event.data["recipient"], event.data["by"]) == ("vendor-y", "address")


def test_every_measurement_is_listed(fleet):
    with pytest.raises(Refused):
        make(fleet)
    made = make(fleet, suppress=True)
    new, old = customer_data.deidentified_sets(fleet)
    assert (new.released, new.export, new.k, new.recipient, new.left_out) == (True, made.id, 3, "vendor-x", 1)
    assert (old.released, old.export, old.k, old.low) == (False, "", 1, ("zone",))


def test_it_is_logged_as_a_read_and_stops_nobody(fleet):
    fleet = dataclasses.replace(fleet, settings=fleet.settings.model_copy(update={"bulk_read_devices": 2}))
    make(fleet, suppress=True)
    found = [one for one in customer_data.reads(fleet) if one.purpose == "de-identified set"]
    assert (len({one.device for one in found}), {one.personal for one in found}) == (4, {True})
    assert customer_data.read(fleet, OPERATOR, "help the owner", device="cam-1-001").personal


def test_what_is_refused(fleet):
    with pytest.raises(NotFound):
        customer_data.release_deidentified(fleet, OPERATOR, "cam-1", "none", "vendor-x", RULES)
    with pytest.raises(Refused, match="does not declare how"):
        customer_data.release_deidentified(fleet, OPERATOR, "cam-1", "climate", "vendor-x", ["celsius=keep"])
    with pytest.raises(Forbidden):
        customer_data.release_deidentified(fleet, Actor("staff", "nobody"), "cam-1", "clip", "vendor-x", RULES)
    for rules in (["zone=hash"], ["name=keep"], ["zone=keep", "zone=cut:2"], ["device=keep"], ["zone=pseudonym"],
                  ["at=keep"], ["zone=drop"]):  # fmt: skip
        with pytest.raises(Invalid):
            make(fleet, rules=rules)
    with pytest.raises(Invalid):
        make(fleet, "Vendor X")
    with pytest.raises(Refused, match="Nothing is left"):
        make(fleet, rules=["zone=keep", "seconds=keep", "device=pseudonym"], suppress=True)


def test_an_ended_customer_is_not_in_it(fleet, staff):
    customer_data.end_customer(fleet, staff, "cam-1-003", "asked")
    with pytest.raises(Refused):
        make(fleet, rules=["zone=keep"])
    assert devices.get(fleet, "cam-1-003").state != "retired"
