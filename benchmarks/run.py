"""`make bench`: every measurement, each in a process of its own, with its method and table.

A file whose name begins with another one's (`flaws_truth.py`) is a part of that.
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
    names = {path.stem for path in HERE.glob("*.py")} - {"run", "table"}
    for path in sorted(HERE / f"{name}.py" for name in names):
        is_part = any(path.stem.startswith(f"{name}_") for name in names)
        if is_part or (WANTED and path.stem not in WANTED):
            continue
        print(f"\n## {path.stem}\n", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, str(path)], check=False).returncode
        print(f"\n({time.monotonic() - began:.0f} s, exit {code})", flush=True)
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
