"""A process that the demo keeps running: started with it, started again when it dies, ended with it."""

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from careful.kernel.lifeline import Lifeline

_LOOK_SECONDS = 0.5
_LONGEST_PAUSE = 10.0
_PATIENCE_SECONDS = 15.0


class Kept:
    """One process. Until `keep` is called it may end; from then on it is started again, with growing pauses.

    `elsewhere` tells that somebody else runs the same: then there is nothing to start.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        elsewhere: Callable[[], bool] = lambda: False,
    ) -> None:
        self._command = command
        self._log = log
        self._environment = environment
        self._elsewhere = elsewhere
        self._lifeline = Lifeline()  # a killed demo takes what it started with it
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=log.stem, daemon=True)

    def __enter__(self) -> Self:
        """Start it, unless somebody else runs it."""
        if not self._elsewhere():
            self._start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _raised: BaseException | None, _: TracebackType | None
    ) -> None:
        """End it, politely at first."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def running(self) -> bool:
        """Whether our process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def ended(self) -> bool:
        """Whether our process was started and is no more."""
        return self._process is not None and self._process.poll() is not None

    def keep(self) -> None:
        """From now on start it again whenever it is gone."""
        if self._thread.ident is None:
            self._thread.start()

    def _watch(self) -> None:
        pause = _LOOK_SECONDS
        while not self._ending.wait(pause):
            if self.running or self._elsewhere():
                pause = _LOOK_SECONDS
                continue
            self._start()
            pause = min(_LONGEST_PAUSE, 2 * pause)

    def _start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and modules)
                self._command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=self._lifeline.environment(self._environment),
                pass_fds=(self._lifeline.reading,),
                start_new_session=True,
            )
