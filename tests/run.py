"""`make test`: style, types, import contracts, then all tests, each named with its time. Stops at the first failure."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = {
    "style": [str(BIN / "ruff"), "check", "-q"],
    "format": [str(BIN / "ruff"), "format", "--check", "-q"],
    "types": [str(BIN / "mypy")],
    "import contracts": [str(BIN / "lint-imports"), "--no-logo"],
}
# One file stays on one worker: what a file makes once (a running demo), it makes once.
SPREAD = ["-n", str(min(4, os.cpu_count() or 2)), "--dist", "loadfile", "--no-loadscope-reorder"]
TESTS = [sys.executable, "-m", "pytest", "-q", *SPREAD]


def main() -> int:
    """Run everything, or the checks alone; unknown arguments go to pytest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks-only", action="store_true")
    options, rest = parser.parse_known_args()
    steps = dict(CHECKS) if options.checks_only else {**CHECKS, "tests": [*TESTS, *rest]}
    for name, command in steps.items():
        began = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run(command, check=False).returncode
        if code:
            print(f"== {name} failed ({time.monotonic() - began:.0f} s): {' '.join(command[1:] or command)}")
            return code
        print(f"== {name} passed ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
