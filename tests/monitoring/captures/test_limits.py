from careful.monitoring.captures.limits import Damaged, Limits, NotRead


def test_every_limit_is_a_bound():
    assert all(getattr(Limits(), name) > 0 for name in Limits.__dataclass_fields__)


def test_both_are_the_fault_of_what_was_handed_in():
    assert Damaged.status == NotRead.status == 400
