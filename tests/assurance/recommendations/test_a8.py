"""A8 by declared roles, reads by purpose and bulk reads: named cases."""

import pytest

DECLARED = (9999, "products.declared", {"product": "cam"})


def used(hours=1, personal=3, roles=()):
    said = {"product": "cam", "fields": 4, "personal": personal, "without_role": list(roles)}
    return (hours, "customer_data.use_measured", said)


def bulk(hours):
    said = {"reader": "staff:ann", "devices": 37, "minutes": 10, "limit": 20}
    return (hours, "customer_data.bulk_read_stopped", said)


READ = (5, "customer_data.was_read", {"product": "cam", "reads": 3})


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="no product"),
        pytest.param([DECLARED], "unknown", "never looked through", id="never looked"),
        pytest.param([DECLARED, used()], "met", "0 reads are on record", id="nobody read"),
        pytest.param([DECLARED, READ, used()], "met", "3 reads are on record", id="read by purpose"),
        pytest.param([DECLARED, used(personal=0)], "not applicable", "nothing personal", id="nothing personal"),
        pytest.param([DECLARED, used(roles=["event/motion.zone"])], "unknown", "event/motion.zone; nobody", id="who?"),
        pytest.param([DECLARED, used(), bulk(2)], "not met", "37 devices in 10 minutes, limit 20", id="37 cameras"),
        pytest.param([DECLARED, used(), bulk(24 * 40)], "met", "on record", id="a bulk read long ago"),
        pytest.param([DECLARED, used(24 * 5)], "unknown", "counts for 3 days", id="too old"),
    ],
)
def test_a8(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
