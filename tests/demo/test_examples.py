"""Only the demo's own copy of the frozen examples is dated today, and it covers nothing in full."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from careful.demo import examples
from careful.vulnerabilities.feeds import intake

FOLDER = Path(__file__).parents[2] / "examples" / "feeds"


def test_the_copy_is_dated_today_and_the_examples_are_frozen(tmp_path: Path):
    now = datetime.now(UTC)
    for name, content in examples.feeds(FOLDER, now).items():
        (tmp_path / name).write_bytes(content)
        found = intake.take_in(tmp_path, tmp_path / name, now)
        assert (now - found.as_of < timedelta(minutes=5), found.covers) == (True, ())
    frozen = intake.take_in(tmp_path, FOLDER / "osv", now, feed="osv-frozen")
    assert frozen.as_of == datetime(2024, 7, 8, tzinfo=UTC)
