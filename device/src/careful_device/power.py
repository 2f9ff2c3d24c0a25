"""What drives the device, from where it is really to be had: the kernel's `power_supply` class, or a maker's command.

In `/sys/class/power_supply` (Documentation/ABI/testing/sysfs-class-power) each folder is a supply: `type` is Battery,
Mains, USB, Wireless or UPS; `scope` Device marks the battery of something plugged in, such as a keyboard; `online` is 1
or 2 for one that feeds us.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from careful_device.conditions import Power, power_from

_SECONDS = 30.0
_LIMIT = 64
_MOST = 64
_FEEDS = ("1", "2")
_FED = ("Charging", "Full", "Not charging")
_PERCENT = 100


def look(command: Sequence[str], folder: Path, home: Path) -> Power:
    """Return what drives the device: by the maker's command where there is one, else by the kernel's word."""
    return _by_command(command, home) if command else of_kernel(folder)


def of_kernel(folder: Path) -> Power:
    """Return what the supplies in `folder` say together: of several batteries the emptiest counts."""
    try:
        supplies = sorted(folder.iterdir())[:_MOST]
    except OSError:  # a kernel without the class: a device that was not built to run from a battery
        return Power()
    levels: list[int] = []
    fed: list[bool] = []
    hints: list[bool] = []
    for one in supplies:
        kind = _text(one / "type")
        if kind != "Battery":
            online = _text(one / "online") if kind else ""
            fed += [online in _FEEDS] if online else []
        elif _text(one / "scope") != "Device" and _text(one / "present") != "0":
            level = _text(one / "capacity")
            if not (level.isascii() and level.isdecimal() and int(level) <= _PERCENT):
                return Power(trouble=f"{one.name} gives no capacity")
            levels.append(int(level))
            hints += [_text(one / "status") in _FED] if _text(one / "status") in (*_FED, "Discharging") else []
    if not levels:
        return Power(mains=True)
    mains = any(fed) if fed else all(hints) if hints else None
    return Power(battery=min(levels), mains=mains)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _by_command(command: Sequence[str], home: Path) -> Power:
    environment = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "CAREFUL_DIR": str(home)}
    try:
        done = subprocess.run(  # noqa: S603 (the maker's own command, from the agent's configuration)
            command,
            env=environment,
            cwd=home,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        return Power(trouble=f"the power command did not answer ({type(failure).__name__})")
    if done.returncode:
        return Power(trouble=f"the power command ended with {done.returncode}")
    try:
        found = json.loads(done.stdout)
    except (ValueError, RecursionError):
        found = None
    return power_from(found if isinstance(found, dict) else {})
