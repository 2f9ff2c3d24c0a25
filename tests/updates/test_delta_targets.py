"""What is signed about a delta."""

from dataclasses import replace
from datetime import UTC, datetime

from careful.updates import delta_targets
from careful.updates.delta_plan import Delta

ONE = Delta(
    release="r2",
    base="r1",
    product="cam-1",
    format="lzma",
    state="ready",
    sha256="a" * 64,
    sha1="b" * 40,
    md5="c" * 32,
    size=5,
    base_sha256="d" * 64,
    base_size=50,
    full_sha256="e" * 64,
    full_size=60,
    version="1.0.1",
    seconds=1.0,
    reason="",
    made_at=datetime(2026, 11, 2, tzinfo=UTC),
)


def test_each_word_about_a_delta_is_signed():
    target = delta_targets.target_of(ONE)
    assert target.path == "1.0.1/from-dddddddddddddddd.lzma.delta"
    assert target.length == 5
    for changed in ({"sha256": "f" * 64}, {"size": 6}, {"full_sha256": "f" * 64}, {"base_size": 51}):
        assert delta_targets.target_of(replace(ONE, **changed)) != target
