"""A kept process is started again however it ends, and ends with the one that keeps it."""

import os
import signal
import sys
from pathlib import Path

from careful.demo.api import wait_for
from careful.demo.kept import Kept

_CODE = """
import os, sys, time
print('here', os.getpid(), flush=True)
print('there', file=sys.stderr, flush=True)
time.sleep(60)
"""


def kept(log: Path, code: str = _CODE, **how: object) -> Kept:
    return Kept([sys.executable, "-c", code], log, dict(os.environ), **how)  # type: ignore[arg-type]


def pids(log: Path) -> list[int]:
    return [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("here")]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_its_words_are_kept_and_it_ends_with_us(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with kept(log) as process:
        wait_for("its words", lambda: "there" in log.read_text(), 10)
        assert (process.running, process.ended) == (True, False)
    assert process.ended
    assert gone(pids(log)[0])


def test_it_is_started_again_when_it_dies_once_it_is_to_be_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with kept(log) as process:
        process.keep()
        process.keep()  # twice is once
        [first] = wait_for("the first", lambda: pids(log), 10)
        os.kill(first, signal.SIGKILL)
        wait_for("the second", lambda: len(pids(log)) == 2, 20)
    assert all(gone(pid) for pid in pids(log))


def test_until_then_it_may_end(tmp_path: Path) -> None:
    with kept(tmp_path / "log", "raise SystemExit(1)") as process:
        assert wait_for("its end", lambda: process.ended, 10)
        assert not process.running


def test_what_runs_elsewhere_is_started_only_when_it_is_gone_there(tmp_path: Path) -> None:
    log, there = tmp_path / "log", [True]
    log.touch()
    with kept(log, elsewhere=lambda: there[0]) as process:
        assert (process.running, process.ended) == (False, False)
        process.keep()
        there[0] = False
        wait_for("its start", lambda: pids(log), 10)
