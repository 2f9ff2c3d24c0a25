"""kill -9 of any process at ten random moments: the story goes on where it was, and nothing acknowledged is lost."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from demo_runner import CACHE, five_free_ports

pytestmark = pytest.mark.walk
PATIENCE = 600
PARTS = (
    "careful.assemble demo",
    "careful.assemble up",
    "careful.assemble web",
    "careful.assemble gateway",
    "careful.assemble worker",
    "careful.demo.fleet",
)


def processes(folder):
    """The processes of one demo: pid -> command line."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (path / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in environment + command and any(part in command for part in PARTS):
            found[int(path.name)] = command
    return found


def start(folder, base, log):
    return subprocess.Popen(
        [sys.executable, "-m", "careful.assemble", "demo", "--once", "--dir", str(folder), "--ports", str(base)],
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "CAREFUL_DEMO_CACHE": str(CACHE)},
    )


def test_the_story_survives_ten_kills(tmp_path):
    folder, base, seed = tmp_path / "demo", five_free_ports(), random.randrange(1 << 30)  # noqa: S311 (which process dies is no secret)
    chance = random.Random(seed)  # noqa: S311 (the same)
    kills = []
    finished = threading.Event()

    def kill():
        while len(kills) < 10 and not finished.wait(chance.uniform(2.0, 5.0)):
            running = processes(folder)
            if len(running) < 4:
                continue
            pid = chance.choice(sorted(running))
            os.kill(pid, signal.SIGKILL)
            kills.append(running[pid].split("careful.", 1)[-1][:30])

    killer = threading.Thread(target=kill)
    killer.start()
    log_path = tmp_path / "log"
    until = time.monotonic() + PATIENCE
    try:
        with log_path.open("ab") as log:
            # Whoever ran `careful up` or the demo starts it again: that is all a maker has to do.
            while start(folder, base, log).wait(timeout=until - time.monotonic()) or len(kills) < 10:
                pass
    except subprocess.TimeoutExpired:
        pytest.fail(f"not done in {PATIENCE} s; seed {seed}, kills {kills}:\n{log_path.read_text()[-3000:]}")
    finally:
        finished.set()
        killer.join()
        for pid in processes(folder):
            os.kill(pid, signal.SIGKILL)
    shown = subprocess.run(
        [sys.executable, "-m", "careful.assemble", "--data", str(folder / "data"), "evidence", "verify", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(shown.stdout)["proven"], f"seed {seed}, kills {kills}"
