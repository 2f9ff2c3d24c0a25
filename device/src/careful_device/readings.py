"""Where readings come from: a command of the device's maker that prints one JSON object."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from careful_device.errors import AgentError
from careful_device.slots import call

Source = Callable[[], dict[str, object]]

_SECONDS = 20.0
_LIMIT = 32 << 10
_DIGITS = 9


def crash_source(command: Sequence[str], folder: Path) -> Callable[[], int]:
    """Return what tells how often the device's software has crashed. It raises AgentError when `command` fails."""

    def read() -> int:
        printed = call(command, "the command that counts crashes", _SECONDS, None, folder).strip()
        if not (printed.isascii() and printed.isdigit() and len(printed) <= _DIGITS):
            raise AgentError("The command that counts crashes must print a number.")
        return int(printed)

    return read


def command_source(stream: str, command: Sequence[str], folder: Path) -> Source:
    """Return a source that runs `command` for each reading of `stream`. It raises AgentError when that fails."""

    def read() -> dict[str, object]:
        printed = call(command, f"the command of {stream}", _SECONDS, None, folder)
        try:
            reading = json.loads(printed) if len(printed) <= _LIMIT else None
        except ValueError:
            reading = None
        if not isinstance(reading, dict):
            raise AgentError(f"The command of {stream} must print one JSON object of at most {_LIMIT} bytes.")
        return reading

    return read
