"""`careful up` as a real process tree over a world of the tests, to be killed whole and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from careful.kernel.work import World

_NAMES = ("CONSOLE", "PUBLIC", "DEVICE", "MQTT")
_PATIENCE = 60


def free_ports(number: int) -> list[int]:
    """Return ports that are free now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [one.getsockname()[1] for one in sockets]


class ProcessTree:
    """All processes of one server; each start is one that a person or systemd would make."""

    def __init__(self, world: World, database_url: str, folder: Path, **settings: str) -> None:
        self.ports = dict(zip(_NAMES, free_ports(len(_NAMES)), strict=True))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CAREFUL_")}
        given = {f"CAREFUL_{name}_PORT": str(port) for name, port in self.ports.items()}
        place = {"CAREFUL_DATA": str(world.home), "PYTHONUNBUFFERED": "1"}
        self._environment = (
            kept | given | place | settings | ({"CAREFUL_DATABASE": database_url} if database_url else {})
        )
        self.log = folder / "tree.log"
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def devices(self) -> str:
        """Return where devices ask."""
        return f"https://localhost:{self.ports['DEVICE']}"

    @property
    def api(self) -> str:
        """Return where pipelines ask."""
        return f"http://localhost:{self.ports['CONSOLE']}/api/v1"

    def start(self) -> None:
        """Start all processes and wait until every port answers."""
        began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._up = self._popen(log)
        until = time.monotonic() + _PATIENCE
        while b"Stop with Ctrl+C" not in (said := self.log.read_bytes()[began:]):
            assert self._up.poll() is None, said.decode()
            assert time.monotonic() < until, said.decode()
            time.sleep(0.05)

    def _popen(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "careful.assemble", "up"]
        return subprocess.Popen(
            command, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def processes(self) -> list[int]:
        """Return the ids of the tree's processes, its root first."""
        if self._up is None or self._up.poll() is not None:
            return []
        children = Path(f"/proc/{self._up.pid}/task/{self._up.pid}/children").read_text().split()
        return [self._up.pid, *map(int, children)]

    def kill(self) -> int:
        """End every process with SIGKILL at once, as a power cut does; return how many there were."""
        known = self.processes()
        if not known or self._up is None:
            return 0
        os.kill(known[0], signal.SIGSTOP)  # or it would start anew what dies before it
        known = self.processes()
        for pid in reversed(known):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._up.wait()
        return len(known)
