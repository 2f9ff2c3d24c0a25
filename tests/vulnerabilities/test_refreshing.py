"""What a person had fetched is fetched again when it is time, and nothing else ever."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from feed_server import FeedServer
from flaws_sample import kev

from careful import vulnerabilities
from careful.vulnerabilities import refreshing

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
EPSS = b"#model_version:v1,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\nCVE-2026-10001,0.9,0.99\n"


@pytest.mark.parametrize(
    ("hours_ago", "hours", "failed", "due"),
    [
        pytest.param(11, 12, False, False, id="not yet"),
        pytest.param(12, 12, False, True, id="it is time"),
        pytest.param(1, 12, True, True, id="sooner after a failure"),
        pytest.param(0.5, 12, True, False, id="not at once after a failure"),
        pytest.param(999, 0, True, False, id="switched off"),
    ],
)
def test_due(hours_ago, hours, failed, due):
    assert refreshing.is_due(NOW - timedelta(hours=hours_ago), NOW, hours, failed=failed) == due


@pytest.fixture
def server():
    with FeedServer() as running:
        running.files["/known_exploited_vulnerabilities.json"] = json.dumps(
            kev("CVE-2026-10001", released="2026-01-01T00:00:00Z")
        ).encode()
        running.files["/epss_scores-current.csv.gz"] = gzip.compress(EPSS)
        yield running


def test_who_never_asked_never_calls_out(world, server):
    assert vulnerabilities.sync_again(world) == 0
    assert not server.asked


def test_a_round_is_repeated_as_it_was_asked_for(world, staff, clock, server):
    done = vulnerabilities.sync(world, staff, kinds=["kev", "epss"], mirror=server.url, pause=lambda _: None)
    assert [one.says for one in done] == ["taken in", "taken in"]
    assert vulnerabilities.sync_again(world) == 0
    clock.advance(timedelta(hours=12))
    server.asked.clear()
    assert vulnerabilities.sync_again(world) == 1
    refreshing.wait()
    assert {path for path, _ in server.asked} == set(server.files)
    assert all("If-None-Match" in headers for _, headers in server.asked)
    assert vulnerabilities.sync_again(world) == 0


def test_a_round_that_failed_is_repeated_sooner(world, staff, clock, server):
    content = server.files.pop("/epss_scores-current.csv.gz")
    done = vulnerabilities.sync(world, staff, kinds=["kev", "epss"], mirror=server.url, pause=lambda _: None)
    assert [one.ok for one in done] == [True, False]
    server.files["/epss_scores-current.csv.gz"] = content
    clock.advance(timedelta(hours=1))
    assert vulnerabilities.sync_again(world) == 1
    refreshing.wait()
    assert "epss" in {one.feed for one in vulnerabilities.feed_ages(world)}
    clock.advance(timedelta(hours=1))
    assert vulnerabilities.sync_again(world) == 0
