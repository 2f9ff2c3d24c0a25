"""First start to first page, and idle memory of all server processes with 50 devices connected."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import httpx
from demo_runner import CACHE, five_free_ports
from table import RUNS, method, row

NAMES = ("CONSOLE", "PUBLIC", "DEVICE", "MQTT")
CAREFUL = [sys.executable, "-m", "careful.assemble"]


def first_page() -> float:
    """Seconds from `careful up` on an empty folder to the first page of the console."""
    base = five_free_ports()
    ports = {f"CAREFUL_{name}_PORT": str(base + offset) for offset, name in enumerate(NAMES)}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*CAREFUL, "--data", f"{folder}/data", "up"], env={**os.environ, **ports}, stdout=subprocess.DEVNULL
        )
        try:
            while True:
                try:
                    if httpx.get(f"http://localhost:{base}/sign-in", trust_env=False).is_success:
                        return time.perf_counter() - began
                except httpx.TransportError:
                    time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def memory(pid: int) -> tuple[float, float]:
    """Resident and proportional memory of one process, MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    rss, pss = (int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1]) / 1024 for name in ("Rss", "Pss"))
    return rss, pss


def servers(folder: Path) -> list[int]:
    """Return the processes of `careful up` on a demo's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_text().replace("\0", " ")
            environment = (path / "environ").read_text(errors="replace")
        except OSError:
            continue
        if "careful.assemble" in command and "demo" not in command and f"CAREFUL_DATA={folder}/data" in environment:
            found.append(int(path.name))
    return found


def idle() -> None:
    """Run the demo to its end, leave its 50 devices connected, and weigh the servers once a second."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "demo"
        log = Path(place) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*CAREFUL, "demo", "--dir", str(folder), "--ports", str(five_free_ports())],
                env={**os.environ, "CAREFUL_DEMO_CACHE": str(CACHE)},
                stdout=output,
            )
        while "go on living" not in log.read_text():
            if process.poll() is not None:
                raise SystemExit(log.read_text()[-2000:])
            time.sleep(0.5)
        time.sleep(5)
        weights = []
        for _ in range(RUNS):
            weights.append([memory(pid) for pid in servers(folder)])
            time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.wait()
        row("idle memory, all processes, resident", [sum(rss for rss, _ in one) for one in weights], "MB", "< 250")
        row("idle memory, all processes, proportional", [sum(pss for _, pss in one) for one in weights], "MB", "< 250")
        story = re.search(r"held, (\d+) s", log.read_text())
        row("the demo's ten steps after the set-up", [float(story[1])] if story else [float("nan")], "s", "< 60")


def main() -> None:
    """Measure both."""
    method(
        """First page: `careful up` as a process on an empty folder, until GET /sign-in answers 200; keys, tables and
        certificates are made on the way. Memory: /proc/PID/smaps_rollup of supervisor, web, gateway and worker, five
        looks a second apart, after the demo's story, with its 50 devices connected and sending."""
    )
    row("first start to first page", [first_page() for _ in range(RUNS)], "s", "< 10")
    idle()


if __name__ == "__main__":
    main()
