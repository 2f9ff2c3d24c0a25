"""The one way of sealing for MQTT and HTTPS."""

import os

from careful import customer_data
from careful.customer_data import DataKey
from careful.entrypoints.gateway.sealing import Pool, sealed
from careful.products import parse, permit

CAM = b"""schema: product/1
product: {id: cam, name: C}
data:
  - {id: clip, fields: [zone, n], details: {n: {personal: false}}, personal: true}
"""
STREAM = permit(parse(CAM), 4).streams["clip"]


def test_what_is_personal_by_the_declaration_is_sealed():
    key, payload = DataKey("kim0", b"k" * 32), b'{"zone":"canary-1","n":2}'
    lying, digest = sealed(key, "up/clip", STREAM, {"zone": "canary-1", "n": 2}, payload)
    found = customer_data.read_sealed(lying)
    assert (found.customer, found.version, list(found.sealed)) == ("kim0", 4, ["zone"])
    assert customer_data.plain_fields(lying) == {"n": 2}
    assert b"canary-1" not in lying
    again, same = sealed(key, "up/clip", STREAM, {"zone": "canary-1", "n": 2}, payload)
    assert (again == lying, same) == (False, digest)


def test_random_bytes_are_handed_out_once():
    given = []

    def source(count):
        given.append(os.urandom(count))
        return given[-1]

    pool = Pool(source)
    drawn = [pool.draw(12) for _ in range(3000)]
    assert len(set(drawn)) == 3000
    assert {len(one) for one in drawn} == {12}
    assert 2 <= len(given) <= 4


def test_a_child_does_not_hand_out_what_its_parent_does():
    pool = Pool()
    pool.draw(12)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, pool.draw(12))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 12) != pool.draw(12)
    os.close(reading)
    os.close(writing)
