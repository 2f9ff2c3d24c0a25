"""Looking up: the same answer from an installation and from a feed file that stands alone."""

import json
from datetime import UTC, datetime

import pytest
from flaws_sample import kev, osv

from careful import releases, vulnerabilities
from careful.kernel.errors import Invalid
from careful.vulnerabilities.lookup import look_up, look_up_in

FLAW = "CVE-2023-4863"
PILLOW = releases.Found(name="pillow", version="10.0.0", purl="pkg:pypi/pillow@10.0.0")
EPSS = "#model_version:v1,score_date:2026-11-01\ncve,epss,percentile\nCVE-2023-4863,0.9,0.99\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "feeds"
    made.mkdir()
    (made / "osv.json").write_text(json.dumps(osv("GHSA-1", aliases=[FLAW])))
    (made / "kev.json").write_text(json.dumps(kev(FLAW, released="2026-11-01T00:00:00Z")))
    (made / "epss.csv").write_text(EPSS)
    (made / "none.json").write_text("{}")
    return made


def test_an_installation_and_a_file_say_the_same(world, staff, folder, tmp_path):
    told = vulnerabilities.import_folder(world, staff, folder)
    assert {one.feed: one.taken for one in told} == {"osv": 1, "kev": 1, "epss": 1, "": 0}
    assert [one.feed for one in vulnerabilities.feed_ages(world)] == ["epss", "kev", "osv"]
    vulnerabilities.build_feed_file(tmp_path / "f", folder, datetime(2026, 11, 2, tzinfo=UTC))
    here, there = look_up(world, [PILLOW]), look_up_in(tmp_path / "f", [PILLOW])
    assert here.found == there.found
    assert (there.exploited, there.scores, there.generation) == ({FLAW}, {FLAW: (0.9, 0.99)}, 1)
    assert {feed: records for feed, (records, _) in there.ages.items()} == {"osv": 1, "kev": 1, "epss": 1}


def test_a_folder_without_a_feed_changes_nothing(world, staff, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(Invalid, match="could be read as a feed"):
        vulnerabilities.import_folder(world, staff, tmp_path / "none")
    assert vulnerabilities.feed_ages(world) == []


def test_what_is_no_feed_file(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(Invalid, match="no feed file"):
        look_up_in(tmp_path / "f", [PILLOW])
