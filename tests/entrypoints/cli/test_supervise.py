"""The process tree: one per folder, a clear word about a taken port, children restarted, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from careful.entrypoints.cli import supervise
from careful.entrypoints.cli.listening import ports
from careful.kernel.errors import Refused
from careful.kernel.settings import Settings


def free_ports(number):
    held = [socket.socket() for _ in range(number)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    found = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return found


@pytest.fixture
def settings(tmp_path):
    names = ("console_port", "public_port", "device_port", "mqtt_port")
    return Settings(data=tmp_path, **dict(zip(names, free_ports(4), strict=True)))


LISTEN = """
import socket, sys, time, os
from careful.kernel.lifeline import end_with_parent
end_with_parent()
held = []
for number in sys.argv[1:]:
    one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", int(number))); one.listen(); held.append(one)
while True: time.sleep(1)
"""


def listener(*numbers):
    return [sys.executable, "-c", LISTEN, *map(str, numbers)]


def gone(pid):
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def wait_for(probe, seconds=15):
    until = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)


def test_one_tree_per_folder(tmp_path, capsys):
    lock = supervise.take_lock(tmp_path)
    with pytest.raises(Refused, match="already running"):
        supervise.take_lock(tmp_path, patience=0.2)
    assert "waiting" in capsys.readouterr().err
    os.close(lock)
    os.close(supervise.take_lock(tmp_path, patience=0.2))


def test_a_dead_child_is_started_again_and_all_end_together(settings, tmp_path):
    numbers = list(ports(settings).values())
    lock = supervise.take_lock(tmp_path)
    tree = supervise.Tree({"one": listener(*numbers[:2]), "two": listener(*numbers[2:])}, settings, lock)
    tree.start()
    first = tree._running["one"]
    first.kill()
    first.wait()
    wait_for(lambda: tree._mind() or tree._running["one"].pid != first.pid)
    pids = [process.pid for process in tree._running.values()]
    tree.stop()
    os.close(lock)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_nothing_lives_on_after_kill_9(settings, tmp_path):
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from careful.entrypoints.cli import supervise
        from careful.kernel.settings import Settings
        settings = Settings(data=Path({str(tmp_path)!r}), **{ports(settings)!r})
        lock = supervise.take_lock(settings.data)
        tree = supervise.Tree({{"one": {listener(*ports(settings).values())!r}}}, settings, lock)
        tree.start()
        print(tree._running["one"].pid, flush=True)
        tree.watch()
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_for(lambda: gone(child))
    os.close(supervise.take_lock(tmp_path))


def test_processes_are_given_secrets_as_they_are(tmp_path):
    given = supervise._environment(Settings(data=tmp_path, s3_secret="s3cret", tls_names=("a", "b")))
    assert given["CAREFUL_S3_SECRET"] == "s3cret"
    assert Settings(data=tmp_path, tls_names=json.loads(given["CAREFUL_TLS_NAMES"])).tls_names == ("a", "b")
