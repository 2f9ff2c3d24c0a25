"""One real demo for all walks: `careful demo`, started as a newcomer would, left open, looked at from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from demo_runner import CACHE, Demo, five_free_ports


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    log = folder.parent / "demo.log"
    environment = {**os.environ, "CAREFUL_DEMO_CACHE": str(CACHE), "COLUMNS": "200"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "careful.assemble", "demo", "--dir", str(folder), "--ports", str(five_free_ports())],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=folder.parent,
        )
    until = time.monotonic() + 400
    while "The devices go on living" not in log.read_text():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(f"The demo did not come to its end:\n{log.read_text()[-4000:]}")
        time.sleep(0.5)
    text = log.read_text()
    ports = json.loads((folder / "ports.json").read_text())
    yield Demo(folder, ports, re.search(r"http://\S+/first/\S+", text)[0], text)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=40)
    except subprocess.TimeoutExpired:
        process.kill()
