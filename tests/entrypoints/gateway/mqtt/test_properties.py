"""Properties of MQTT 5: each is read back where it may stand, and nowhere else."""

import pytest

from careful.entrypoints.gateway.mqtt import properties
from careful.entrypoints.gateway.mqtt.fields import Body, Malformed

VALUES = {"flag": 1, "u16": 300, "u32": 70000, "length": 200_000, "text": "é", "binary": b"\xff\0", "pair": ("k", "v")}
TABLE = [pytest.param(name, kind, where, id=name) for _, name, kind, where in properties._TABLE]


@pytest.mark.parametrize(("name", "kind", "where"), TABLE)
def test_each_stands_where_it_may(name, kind, where):
    several = name == "user"
    value = (VALUES[kind],) if several else VALUES[kind]
    written = properties.write({name: value})
    for packet in range(16):
        body = Body(written, 0, len(written))
        if packet not in where:
            with pytest.raises(Malformed, match="a property"):
                properties.read(body, packet)
            continue
        found = properties.read(body, packet)
        assert found == {name: (value,) if name == "identifier" and packet == properties.PUBLISH else value}
        body.done()


def test_the_table_is_the_standards():
    """Section 2.2.2.2 has 27 properties."""
    assert len(TABLE) == 27
    assert len({number for number, *_ in properties._TABLE}) == 27


def test_none_are_none():
    assert properties.write(None) == properties.write({}) == b"\0"
    assert properties.read(Body(b"\0", 0, 1), properties.PUBLISH) is None
