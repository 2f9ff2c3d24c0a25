"""Two builders of one feed file, as processes: the second waits; one that is killed leaves what was there."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from flaws_sample import osv

from careful import vulnerabilities
from careful.kernel.errors import Invalid
from careful.vulnerabilities.feeds.alone import alone

NOW = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def given(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number}.json").write_text(json.dumps(osv(f"A-{number}")))
    return folder


def building(folder, file):
    script = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path; from careful import vulnerabilities;"
        "print('ready', flush=True);"
        "vulnerabilities.build_feed_file(Path(sys.argv[2]), Path(sys.argv[1]), datetime.now(UTC))"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", script, str(folder), str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def flaws(file):
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT COUNT(*) FROM flaw").fetchone()[0]


def test_two_at_once(given, tmp_path):
    file = tmp_path / "feeds.sqlite"
    both = [building(given, file) for _ in range(2)]
    assert [one.communicate()[1] for one in both] == ["", ""]
    assert [one.returncode for one in both] == [0, 0]
    assert flaws(file) == 400
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["feeds.sqlite"]


def test_one_that_waits_goes_on_when_the_other_is_killed(given, tmp_path):
    file = tmp_path / "feeds.sqlite"
    with alone(file):
        waiting = building(given, file)
        time.sleep(0.3)
        assert (waiting.poll(), file.exists()) == (None, False)
    assert waiting.wait(30) == 0
    assert flaws(file) == 400
    for pause in (0.0, 0.05):
        (given / f"new-{pause}.json").write_text(json.dumps(osv(f"NEW-{pause}")))
        killed = building(given, file)
        time.sleep(pause)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert flaws(file) >= 400
    vulnerabilities.build_feed_file(file, given, NOW)
    assert flaws(file) == 402


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(Invalid, match="cannot be opened"), alone(tmp_path / "none" / "feeds.sqlite"):
        pass
