"""`make bench`: every measurement, each in a process of its own, with its method and table.

A file with an underscore in its name (`flaws_truth.py`) is a part of another.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
WANTED = sys.argv[1:]


def main() -> int:
    """Run the benchmarks named, or all of them."""
    worst = 0
    for path in sorted(HERE.glob("*.py")):
        if path.stem in {"run", "table"} or "_" in path.stem or (WANTED and path.stem not in WANTED):
            continue
        print(f"\n## {path.stem}\n", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, str(path)], check=False).returncode
        print(f"\n({time.monotonic() - began:.0f} s, exit {code})", flush=True)
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
