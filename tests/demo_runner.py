"""A demo run as a newcomer would run it, and free ports for it."""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "wheels"


@dataclass
class Demo:
    """A running demo."""

    folder: Path
    ports: dict
    link: str
    output: str

    @property
    def console(self):
        return f"http://localhost:{self.ports['console_port']}"

    @property
    def public(self):
        return f"http://127.0.0.1:{self.ports['public_port']}"

    @property
    def data(self):
        return self.folder / "data"

    def careful(self, *arguments):
        """Run one command on the demo's data; return exit code and output."""
        environment = {**os.environ, **{f"CAREFUL_{name.upper()}": str(port) for name, port in self.ports.items()}}
        done = subprocess.run(
            [sys.executable, "-m", "careful.assemble", "--data", str(self.data), *arguments],
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
            check=False,
        )
        said = done.stdout if "--json" in arguments and done.stdout else done.stdout + done.stderr
        return done.returncode, said

    def device(self, name):
        """The folder of a device of the fleet."""
        return self.folder / "fleet" / name


def five_free_ports():
    """The first of five free ports in a row."""
    for base in range(21000, 40000, 37):
        try:
            held = []
            for offset in range(5):
                one = socket.socket()
                one.bind(("127.0.0.1", base + offset))
                held.append(one)
        except OSError:
            continue
        else:
            return base
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no five free ports in a row")
