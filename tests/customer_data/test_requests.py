"""Requests, from the first word to the receipt: clock, refusal, deletion, correction."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from careful import customer_data
from careful.customer_data.requests import OPEN_MOST
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound, Refused

DEVICE = "cam-1-001"


def proven(world, kind):
    one = customer_data.open_request(world, OPERATOR, DEVICE, kind).id
    customer_data.prove_by_staff(world, OPERATOR, one, "known to us")
    return one


def test_the_clock(house, staff):
    world = house.world
    one = customer_data.open_request(world, staff, DEVICE, "access")
    assert one.law == "GDPR, article 12(3)"  # where it is sold is not stated
    longer = customer_data.extend_request(world, staff, one.id, "many readings")
    assert (longer.due, longer.extension) == (one.longest, "many readings")
    with pytest.raises(Refused, match="extended already"):
        customer_data.extend_request(world, staff, one.id, "again")
    late = customer_data.open_request(world, staff, DEVICE, "export")
    world.clock.advance(timedelta(days=40))
    assert customer_data.requests_of(world)[0].state(world.clock.now()) == "overdue"
    with pytest.raises(Refused, match="only before"):
        customer_data.extend_request(world, staff, late.id, "too late")
    closed = customer_data.refuse_request(world, staff, late.id, "not the owner")
    assert (closed.late, closed.reason) == (True, "not the owner")
    with pytest.raises(Refused, match="refused already"):
        customer_data.refuse_request(world, staff, late.id, "again")
    assert [each.id for each in customer_data.requests_of(world, device=DEVICE)] == [one.id, late.id]


def test_what_is_refused(house, staff):
    world = house.world
    with pytest.raises(Invalid, match="no such kind"):
        customer_data.open_request(world, staff, DEVICE, "everything")
    with pytest.raises(NotFound):
        customer_data.open_request(world, staff, "nobody", "access")
    with pytest.raises(NotFound):
        customer_data.find_request(world, "none")
    for _ in range(OPEN_MOST):
        customer_data.open_request(world, staff, DEVICE, "access")
    with pytest.raises(Refused, match="are open"):
        customer_data.open_request(world, staff, DEVICE, "access")


def test_delete(house, staff):
    world = house.world
    house.say("up/clip", zone="hall", seconds=4)
    waiting = customer_data.open_request(world, staff, DEVICE, "delete").id
    with pytest.raises(Refused, match="not proven"):
        customer_data.delete_requested(world, staff, waiting)
    customer_data.prove_by_staff(world, staff, waiting, "known")
    done = customer_data.delete_requested(world, staff, waiting)
    receipt = customer_data.receipt(world, done.receipt)
    assert (receipt.why, receipt.customer) == ("asked", done.customer)
    with pytest.raises(Refused, match="answered already"):
        customer_data.delete_requested(world, staff, waiting)


def test_delete_never_takes_the_next_customers(house, staff):
    world = house.world
    house.say("up/clip", zone="hall", seconds=4)
    one = proven(world, "delete")
    gone = customer_data.end_customer(world, staff, DEVICE, "transfer")
    world.clock.advance(timedelta(seconds=1))
    house.say("up/clip", zone="next", seconds=4)
    assert customer_data.delete_requested(world, staff, one).receipt == gone.id
    assert customer_data.customers_of(world, DEVICE)[0].ended_at is None


def test_correct(house, staff):
    world = house.world
    at = world.clock.now()
    house.say("up/clip", zone="hall", seconds=4)
    right = {"stream": "up/clip", "at": at, "field": "zone", "value": "canary-kitchen"}
    one = proven(world, "correct")
    with pytest.raises(NotFound, match="declares no field"):
        customer_data.correct_requested(world, staff, one, **right | {"field": "name"})
    with pytest.raises(NotFound, match="no reading"):
        customer_data.correct_requested(world, staff, one, **right | {"at": at - timedelta(seconds=9)})
    with pytest.raises(Invalid):
        customer_data.correct_requested(world, staff, one, **right | {"value": " "})
    assert customer_data.correct_requested(world, staff, one, **right).outcome == "answered"
    export = proven(world, "export")
    customer_data.export_requested(world, staff, export)
    with zipfile.ZipFile(io.BytesIO(customer_data.fetch_export(world, staff, export))) as archive:
        (said,) = map(json.loads, archive.read("corrections.jsonl").splitlines())
        (reading,) = map(json.loads, archive.read("readings.jsonl").splitlines())
    assert (said["value"], reading["values"]["zone"]) == ("canary-kitchen", "hall")
    if world.database.is_sqlite:
        assert not [path for path in world.home.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    customer_data.end_customer(world, staff, DEVICE, "asked")
    again = proven(world, "export")
    customer_data.export_requested(world, staff, again)
    with zipfile.ZipFile(io.BytesIO(customer_data.fetch_export(world, staff, again))) as archive:
        assert archive.read("corrections.jsonl") == b""


def test_the_ledger_has_ids_and_counts_alone(house, staff):
    world = house.world
    house.say("up/clip", zone="canary-hall", seconds=4)
    one = customer_data.open_request(world, staff, DEVICE, "access").id
    customer_data.prove_by_staff(world, staff, one, "canary-note")
    customer_data.export_requested(world, staff, one)
    customer_data.fetch_export(world, staff, one)
    with world.look() as connection:
        entries = ledger.read(connection, limit=1000)
    names = [entry.name.partition(".")[2] for entry in entries if "request" in entry.name or "export" in entry.name]
    assert names == ["request_opened", "request_proven", "request_closed", "exported", "export_fetched"]
    assert "canary" not in json.dumps([dict(entry.data) for entry in entries], default=str)
