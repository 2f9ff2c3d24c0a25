"""Nothing personal lies anywhere in the clear: planted by mosquitto_pub, looked for in every file, table and output."""

import json
import socket
import subprocess
from datetime import timedelta

import pytest
from sqlalchemy import select

from careful import customer_data, products
from careful.customer_data import Mover, Retention, Sweeper, records_of, searching
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.database import Database, metadata
from careful.kernel.errors import CarefulError
from careful.kernel.file_feed import FileFeed
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World

DEVICE, PURPOSE = "cam-1-001", "show what moved"
PRODUCT = b"""\
schema: product/1
product: {id: cam-1, name: Cam, models: [C-1]}
data:
  - {id: clip, fields: [zone, note, seconds], types: {zone: text, seconds: number}, personal: true,
     purpose: [show what moved], access_roles: [support], retention: {days: 14},
     details: {seconds: {personal: false}, note: {max_length: 60}}}
events:
  - {name: motion, fields: [zone], personal: true}
"""
GOOD = {"zone": "canary-4f1c-zone", "note": "canary-77aa-note"}
CANARIES = {"the zone": b"canary-4f1c", "the note": b"canary-77aa", "what was refused": b"canary-0bad"}
REFUSED = [
    {"zone": 5, "note": "canary-0bad"},
    {"zone": "canary-0bad", "seconds": "canary-0bad"},
    {"note": "canary-0bad " * 20},
    {"zone": "x", "undeclared": "canary-0bad"},
    {"zone": {"hidden": "canary-0bad"}},
]
BROKEN = ['{"zone":"canary-0bad"', '{"zone":"canary-0bad","zone":"canary-0bad"}', "canary-0bad", '["canary-0bad"]']


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, clock, tmp_path, staff):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    if request.param == "sqlite":
        database = Database("", home)
        metadata.create_all(database.engine)
    else:
        database = request.getfixturevalue("postgres_database")
    made = World(database, clock, Settings(data=home, mqtt_port=free_port()), Keys(home / "keys"), home)
    products.declare(made, staff, PRODUCT)
    products.approve(made, staff, "cam-1")
    yield made
    if request.param == "sqlite":
        database.close()


@pytest.fixture
def publish(gateway):
    who = gateway.make(DEVICE)

    def publish(topic, *lines, qos="1"):
        """Publish; what is refused is not acknowledged, so mosquitto would wait for ever at QoS 1."""
        done = subprocess.run(
            ["mosquitto_pub", *who.mosquitto(gateway.port), "-q", qos, "-t", f"d/{DEVICE}/{topic}", "-l"],
            input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        return done.returncode

    return publish


def found(world):
    """Where any canary is: in files, in tables, in the ledger."""
    places = searching.search_files(world.home, CANARIES)
    if not world.database.is_sqlite:
        places |= {f"table {name}": held for name, held in searching.search_tables(world, CANARIES).found.items()}
    with world.look() as connection:
        bodies = "".join(connection.execute(select(ledger.entries.c.body)).scalars())
    places["the ledger"] = {name for name, needle in CANARIES.items() if needle.decode() in bodies}
    return {place: held for place, held in places.items() if held}


def settle(world):
    if not world.database.is_sqlite:
        mover = Mover(FileFeed(world.home, world.clock))
        while mover.advance(world):
            pass


def test_a_planted_value_is_nowhere_but_behind_the_door(gateway, world, publish, eventually, capfd):
    assert publish("up/clip", json.dumps(GOOD | {"seconds": 4})) == 0
    assert publish("event/motion", json.dumps({"zone": GOOD["zone"]})) == 0
    for one in REFUSED:
        publish("up/clip", json.dumps(one), qos="0")
    for one in BROKEN:
        publish("up/clip", one, qos="0")
    eventually(lambda: len(customer_data.refused_fields(world)) >= 3)
    settle(world)
    assert found(world) == {}

    (reading,) = customer_data.read(world, OPERATOR, PURPOSE, device=DEVICE, stream="up/clip").readings
    assert reading.values == GOOD | {"seconds": 4}
    assert customer_data.read(world, OPERATOR, PURPOSE, device=DEVICE, stream="event/motion").readings == ()
    with pytest.raises(CarefulError) as refused:
        customer_data.read(world, OPERATOR, "another", device=DEVICE)
    world.clock.advance(timedelta(minutes=2))
    customer_data.tell_reads(world)
    customer_data.measure_use(world)
    Retention().measure(world)
    receipt = customer_data.end_customer(world, OPERATOR, DEVICE, "asked")
    world.clock.advance(timedelta(minutes=2))
    sweeper = Sweeper()
    while sweeper.advance(world):
        pass
    assert records_of(world).read(DEVICE) == []
    assert customer_data.receipt(world, receipt.id).records >= 2
    assert found(world) == {}
    said = capfd.readouterr()
    shown = said.out + said.err + str(refused.value) + customer_data.signed_receipt(world, receipt.id)
    assert [name for name, needle in CANARIES.items() if needle.decode() in shown] == []


def test_the_search_would_have_found_it(gateway, world):
    (world.home / "note.txt").write_bytes(b"..canary-4f1c-zone..")
    assert found(world) == {"note.txt": {"the zone"}}
