"""The file that a customer gets: whole, sealed where it lies, gone in time; and no other customer's."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from careful import customer_data, devices
from careful.customer_data import request_export
from careful.customer_data.records import Row
from careful.customer_data.request_export import pages
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import NotFound, Refused, TooLarge

DEVICE = "cam-1-001"
START = datetime(2026, 11, 2, tzinfo=UTC)


def proven(world, kind="access"):
    one = customer_data.open_request(world, OPERATOR, DEVICE, kind).id
    customer_data.prove_by_staff(world, OPERATOR, one, "known to us")
    return one


def unpack(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(content):
    return [json.loads(line) for line in content.decode().splitlines()]


def test_all_that_is_theirs_and_nobody_elses(house, staff):
    world = house.world
    house.say("up/clip", zone="canary-earlier", seconds=1)
    customer_data.end_customer(world, staff, DEVICE, "transfer")
    world.clock.advance(timedelta(seconds=1))
    house.say("up/climate", celsius=21)
    house.say("up/clip", zone="canary-hall", seconds=4)
    house.say("event/motion", zone="canary-hall")
    devices.set_owner(world, staff, DEVICE, "kim@example.org")
    customer_data.read(world, OPERATOR, "help the owner", device=DEVICE)
    one = proven(world)
    made = customer_data.export_requested(world, staff, one)
    assert (made.outcome, made.records) == ("answered", 3)
    content = customer_data.fetch_export(world, staff, one)
    assert hashlib.sha256(content).hexdigest() == made.digest
    files = unpack(content)
    said = lines(files["readings.jsonl"])
    assert [line["values"] for line in said] == [
        {"zone": "canary-hall"}, {"zone": "canary-hall", "seconds": 4}, {"celsius": 21}
    ]  # fmt: skip
    assert b"earlier" not in files["readings.jsonl"]
    manifest = json.loads(files["manifest.json"])
    assert manifest["files"].keys() == files.keys() - {"manifest.json"}
    for name, part in manifest["files"].items():
        assert part["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert part["bytes"] == len(files[name])
    assert {line["purpose"] for line in lines(files["opened.jsonl"])} == {"help the owner"}
    assert json.loads(files["held.json"])["contact"] == "kim@example.org"
    assert {one["purpose"] for one in map(vars_of, customer_data.reads(world, device=DEVICE))} >= {"request"}


def vars_of(read):
    return {"purpose": read.purpose}


def test_it_lies_sealed_and_goes_with_its_time(house, staff):
    world = house.world
    house.say("up/clip", zone="canary-hall", seconds=4)
    one = proven(world, "export")
    with pytest.raises(NotFound):
        customer_data.fetch_export(world, staff, one)
    customer_data.export_requested(world, staff, one)
    (place,) = (world.home / "requests").iterdir()
    assert (place.stat().st_mode & 0o777, place.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert b"canary" not in place.read_bytes()
    assert not place.read_bytes().startswith(b"PK")
    assert customer_data.remove_exports(world) == 0
    world.clock.advance(timedelta(days=8))
    with pytest.raises(NotFound):
        customer_data.fetch_export(world, staff, one)
    assert (customer_data.remove_exports(world), place.exists()) == (1, False)
    assert customer_data.remove_exports(world) == 0


def test_it_goes_with_the_customer(house, staff):
    world = house.world
    house.say("up/clip", zone="hall", seconds=4)
    one = proven(world)
    customer_data.export_requested(world, staff, one)
    receipt = customer_data.end_customer(world, staff, DEVICE, "transfer")
    assert any(one in each for each in receipt.exports)
    with pytest.raises(Refused, match="has ended"):
        customer_data.fetch_export(world, staff, one)
    assert customer_data.remove_exports(world) == 1


def test_nothing_before_proof_and_nothing_for_who_came_later(house, staff):
    world = house.world
    house.say("up/clip", zone="hall", seconds=4)
    one = customer_data.open_request(world, staff, DEVICE, "access").id
    with pytest.raises(Refused, match="not proven"):
        customer_data.export_requested(world, staff, one)
    customer_data.prove_by_staff(world, staff, one, "known")
    customer_data.end_customer(world, staff, DEVICE, "transfer")
    world.clock.advance(timedelta(seconds=1))
    house.say("up/clip", zone="canary-next", seconds=4)
    with pytest.raises(Refused, match="has ended"):
        customer_data.export_requested(world, staff, one)
    with pytest.raises(Refused, match="to have it deleted"):
        customer_data.export_requested(world, staff, proven(world, "delete"))


def test_too_much_is_refused(house, staff, monkeypatch):
    monkeypatch.setattr(request_export, "RECORDS_MOST", 1)
    house.say("up/climate", celsius=1)
    house.say("up/climate", celsius=2)
    with pytest.raises(TooLarge):
        customer_data.export_requested(house.world, staff, proven(house.world))


@pytest.mark.parametrize("same", [1, 7, 50])
def test_pages_miss_nothing_and_repeat_nothing(monkeypatch, same):
    monkeypatch.setattr(request_export, "_PAGE", 10)
    rows = [Row("d", f"up/{n}", START + timedelta(microseconds=n // same), b"{}") for n in range(137)]

    class Kept:
        def read(self, *_, topics=None, since=None, until=None, most=100):
            assert topics is None
            found = [row for row in rows if (since is None or row.at >= since) and row.at < until]
            return sorted(found, key=lambda row: row.at, reverse=True)[:most]

    found = [row for page in pages(Kept(), "d", None, START + timedelta(days=1)) for row in page]
    assert sorted(row.topic for row in found) == sorted(row.topic for row in rows)
    assert [row.at for row in found] == sorted((row.at for row in rows), reverse=True)
