"""Slots: where an image goes, and how the device changes over to it. The interface, and the hook driver.

A device has two slots. One is in use; an image is installed into the other one, which is then activated, proved, and
confirmed, or rolled back. Every act may be asked for again after a crash and must then lead to the same end.

**Hook driver.** A command of the device's maker does the acts, so that RAUC, a boot loader's environment or plain
partitions fit behind it. It is started with one word added to its arguments:

    running     print the version in use on the first line, the slot's name on the second (may be empty)
    install     write the image CAREFUL_IMAGE into the spare slot; the slot in use stays as it is
    activate    make the spare slot the one in use, on trial. It may restart the device; when it is called again and the
                trial has begun, it does nothing
    confirm     keep it: the trial is over
    rollback    go back to the slot that was in use before; when that one is in use already, do nothing. It may restart
                the device
    source      print the path of a file or partition that begins with the image in use, byte for byte (asked only where
                `updates.source` is "hook")

and with the environment CAREFUL_IMAGE (path), CAREFUL_VERSION, CAREFUL_SHA256, CAREFUL_PRODUCT, CAREFUL_HARDWARE,
CAREFUL_DIR (the agent's directory), and PATH. Exit status 0 is success; for anything else the last line of standard
error is reported as the reason. An act may take 30 minutes.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from careful_device.errors import SlotError
from careful_device.model import Facts, Target

_ACT_SECONDS = 1800
_TEXT = 200


class SlotDriver(Protocol):
    """What the agent needs of the device's slots. All but `running` raise SlotError with the reason."""

    def running(self) -> tuple[str, str]:
        """Return (version, slot) of the software in use; empty when it cannot be told."""

    def install(self, image: Path, target: Target) -> None:
        """Put `image` into the spare slot, leaving the one in use untouched."""

    def activate(self, target: Target) -> None:
        """Make the spare slot the one in use, on trial."""

    def confirm(self, target: Target) -> None:
        """End the trial: the slot in use stays."""

    def rollback(self, target: Target) -> None:
        """Go back to the slot that was in use before the trial."""


class HookSlots:
    """The hook driver: `command` is the maker's script and its arguments."""

    def __init__(self, command: Sequence[str], home: Path, facts: Facts) -> None:
        self._command = tuple(command)
        self._home = home
        self._facts = facts

    def running(self) -> tuple[str, str]:
        """Ask the hook what runs."""
        try:
            lines = self._call("running", None, None).splitlines()
        except SlotError:
            return "", ""
        version, slot = [*lines, "", ""][:2]
        return version.strip()[:64], slot.strip()[:64]

    def source(self) -> Path | None:
        """Ask the hook where the image in use can be read. Raises SlotError."""
        said = self._call("source", None, None).strip().splitlines()
        return Path(said[0]) if said and said[0].startswith("/") else None

    def install(self, image: Path, target: Target) -> None:
        """Let the hook write the image."""
        self._call("install", target, image)

    def activate(self, target: Target) -> None:
        """Let the hook change over."""
        self._call("activate", target, None)

    def confirm(self, target: Target) -> None:
        """Let the hook end the trial."""
        self._call("confirm", target, None)

    def rollback(self, target: Target) -> None:
        """Let the hook go back."""
        self._call("rollback", target, None)

    def _call(self, act: str, target: Target | None, image: Path | None) -> str:
        environment = {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "CAREFUL_DIR": str(self._home),
            "CAREFUL_PRODUCT": self._facts.product,
            "CAREFUL_HARDWARE": self._facts.hardware,
        }
        if target is not None:
            environment |= {"CAREFUL_VERSION": target.version, "CAREFUL_SHA256": target.sha256}
        if image is not None:
            environment["CAREFUL_IMAGE"] = str(image)
        return call([*self._command, act], f"the slot hook's {act}", _ACT_SECONDS, environment, self._home)


def call(command: Sequence[str], name: str, seconds: float, environment: dict[str, str] | None, folder: Path) -> str:
    """Run a command of the maker's and return what it printed. Raises SlotError with its last words when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 (the maker's own command, from the agent's configuration)
            command,
            env=environment,
            cwd=folder,
            capture_output=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as late:
        raise SlotError(f"{name} took longer than {seconds:.0f} s") from late
    except OSError as missing:
        raise SlotError(f"{name} cannot be started: {missing.strerror}") from missing
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise SlotError(f"{name} ended with {done.returncode}: {words[-1][:_TEXT] if words else 'no reason given'}")
    return done.stdout.decode(errors="replace")
