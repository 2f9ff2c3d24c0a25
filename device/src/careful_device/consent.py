"""Does the owner agree to an update? The maker's command says so; where there is none, the device agrees by itself."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 30.0
_ANSWERS = {0: True, 1: False}


def ask(command: Sequence[str], version: str, folder: Path) -> bool | None:
    """Return whether the owner agrees to `version`, or None where they have not said so yet.

    The command gets the version as its last word and as CAREFUL_VERSION: exit status 0 agrees, 1 does not, and anything
    else (or no answer within 30 seconds) is no answer. It must not wait for the owner: it is asked at every poll.
    """
    if not command:
        return True
    environment = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "CAREFUL_DIR": str(folder)}
    try:
        done = subprocess.run(  # noqa: S603 (the maker's own command, from the agent's configuration)
            [*command, version],
            env=environment | {"CAREFUL_VERSION": version},
            cwd=folder,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _ANSWERS.get(done.returncode)
