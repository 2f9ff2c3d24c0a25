"""One process tree: starts the processes of `careful up`, restarts one that dies, ends all together.

A lock in the data folder, held by every process of the tree, keeps two trees off one folder; a pipe tells the children
when this process is gone, so that nothing lives on after a kill -9.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import click
from pydantic import SecretStr

from careful.entrypoints.cli.listening import is_free, ports
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.lifeline import Lifeline
from careful.kernel.settings import Settings

_START_SECONDS = 30.0
_PATIENCE_SECONDS = 10.0
_LONGEST_PAUSE = 10.0
_ROOM_BYTES = 200 << 20


def check_room(folder: Path) -> None:
    """Raise Unavailable where the disk is nearly full."""
    stats = os.statvfs(folder)
    if stats.f_bavail * stats.f_frsize < _ROOM_BYTES:
        raise Unavailable(f"Less than 200 MB are free where {folder} is.", do=f"Free some space: du -sh {folder}")


def take_lock(folder: Path, patience: float = _PATIENCE_SECONDS) -> int:
    """Take the folder's lock and return its descriptor. Raises Refused when another tree holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    until, told = time.monotonic() + patience, False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(handle)
                raise Refused(
                    f"Careful is already running on {folder}.",
                    do="Stop it (Ctrl+C where it runs), or name another folder: careful --data DIR up",
                ) from None
            if not told:
                click.echo(f"Careful is running on {folder}; waiting {patience:.0f} s for it to end ...", err=True)
                told = True
            time.sleep(0.1)
        else:
            return handle


def prepare(command: list[str], settings: Settings) -> tuple[int, str]:
    """Run what makes folder, keys and tables; return its exit code and what it printed.

    In a process of its own, so that the one that stays and watches is small.
    """
    done = subprocess.run(command, env=_environment(settings), stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 (our own)
    return done.returncode, done.stdout.strip()


class Tree:
    """The running processes."""

    def __init__(self, commands: Mapping[str, list[str]], settings: Settings, lock: int) -> None:
        self._commands = commands
        self._settings = settings
        self._lock = lock
        self._lifeline = Lifeline()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self._stopping = False

    def start(self) -> None:
        """Start every process and wait until each port answers. Raises Unavailable when one does not."""
        for name in self._commands:
            self._spawn(name)
        until = time.monotonic() + _START_SECONDS
        for name, number in ports(self._settings).items():
            while is_free(self._settings.host, number):
                self._mind()
                if time.monotonic() > until:
                    self.stop()
                    raise Unavailable(f"{name} {number} did not open.", do="Run: careful doctor")
                time.sleep(0.05)

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Keep every process running until a signal or `until()`, then end all."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping and not until():
                self._mind()
                time.sleep(0.2)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            self.stop()

    def stop(self) -> None:
        """End all processes, politely at first."""
        self._stopping = True
        for process in self._running.values():
            process.terminate()
        until = time.monotonic() + _PATIENCE_SECONDS
        for process in self._running.values():
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _spawn(self, name: str) -> None:
        self._running[name] = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            self._commands[name],
            env=self._lifeline.environment(_environment(self._settings)),
            pass_fds=(self._lifeline.reading, self._lock),
            start_new_session=True,
        )

    def _mind(self) -> None:
        """Restart whatever died, with growing pauses while it keeps dying."""
        for name, process in list(self._running.items()):
            code = process.poll()
            if code is None:
                continue
            number, since = self._failures.get(name, (0, time.monotonic()))
            pause = min(_LONGEST_PAUSE, 0.2 * 2**number)
            if time.monotonic() - since >= pause or number == 0:
                click.echo(f"The {name} process ended ({code}); starting it again.", err=True)
                self._failures[name] = (number + 1, time.monotonic())
                self._spawn(name)


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **{f"CAREFUL_{key.upper()}": _as_text(value) for key, value in settings.model_dump().items()}}


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ",".join(f'"{item}"' for item in value) + "]"
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
