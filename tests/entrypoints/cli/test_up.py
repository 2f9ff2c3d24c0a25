"""`careful up` as a person meets it: a first start prints a link that works once; Ctrl+C ends everything."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def started(tmp_path: Path):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    names = ("CONSOLE", "PUBLIC", "DEVICE", "MQTT")
    given = {f"CAREFUL_{name}_PORT": str(number) for name, number in zip(names, numbers, strict=True)}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAREFUL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "careful.assemble", "--data", str(tmp_path / "data"), "up"],
        env={**inherited, **given, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Stop with Ctrl+C" in line:
            break
    yield process, said, numbers
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def test_from_nothing_to_a_console_and_back(started, tmp_path: Path):
    process, said, numbers = started
    assert f"Console      http://localhost:{numbers[0]}\n" in said
    assert f"Public site  http://127.0.0.1:{numbers[1]}\n" in said
    assert f"MQTT over TLS on port {numbers[3]}" in said
    assert str(tmp_path / "data") in said
    (link,) = re.findall(rf"http://localhost:{numbers[0]}/\S+", said)
    with httpx.Client(trust_env=False, timeout=10) as client:
        assert client.get(link).is_success
        assert client.get(f"http://127.0.0.1:{numbers[1]}/").status_code < 500
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest.splitlines()[-1]) == (0, "Stopped.")
    for number in numbers:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", number)) != 0
