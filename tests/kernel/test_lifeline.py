"""A child ends when its parent is killed, and lives while it lives."""

import subprocess
import sys
import time
from pathlib import Path

PARENT = """
import os, subprocess, sys, time
from careful.kernel.lifeline import Lifeline
line = Lifeline()
code = "from careful.kernel.lifeline import end_with_parent as e; import time; e(); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code],
    env=line.environment(os.environ), pass_fds=(line.reading,))
print(child.pid, flush=True)
time.sleep(60)
"""


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1]
    except FileNotFoundError:
        return False


def test_child_ends_with_its_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 10
    while alive(child):
        assert time.monotonic() < until
        time.sleep(0.05)
