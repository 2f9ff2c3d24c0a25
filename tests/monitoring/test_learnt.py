import msgspec

from careful.monitoring.learnt import Beat, Learnt, Span


def test_it_is_kept_as_json():
    one = Learnt(
        device_days=1.5,
        devices=frozenset({"d"}),
        places=frozenset({"a:1/tcp"}),
        beats={"d t": Beat(300.0, 4)},
        readings={"d r": Span(1.0, 2.0)},
    )
    assert msgspec.json.decode(msgspec.json.encode(one), type=Learnt) == one
