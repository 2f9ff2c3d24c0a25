"""A part of `polls`: goosebit, a DDI server from PyPI, in an environment of its own, behind the same mutual TLS.

It takes any client certificate that our authority issued and never asks which device it names; no request for a token,
no log, its own SQLite, whose registry holds only the devices that poll. Each of its polls writes when it was.
"""

import asyncio
import os
import ssl
import subprocess
import sys
from pathlib import Path

from polls_load import Target, exchange

PACKAGE = "goosebit==0.2.12"
PORT = 18446
TARGET = Target(PORT, "/DEFAULT/controller/v1")
SERVER = """
import asyncio, logging, ssl, sys
import uvicorn
from goosebit import app
from goosebit.db.config import TORTOISE_CONF
from tortoise import Tortoise

async def make_tables():
    await Tortoise.init(config=TORTOISE_CONF)
    await Tortoise.generate_schemas()
    await Tortoise.close_connections()

port, key, chain, trust = sys.argv[1:]
logging.disable(logging.INFO)
asyncio.run(make_tables())
uvicorn.run(
    app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False,
    ssl_keyfile=key, ssl_certfile=chain, ssl_ca_certs=trust, ssl_cert_reqs=ssl.CERT_REQUIRED,
)
"""
DESCRIPTION = b'{"id":"","data":{"hw_boardname":"bench","hw_revision":"rev-a","sw_version":"1.0.0"}}'


def install(folder: Path) -> Path | str:
    """Return the Python that has it, or why it is not there, in words."""
    python = folder / "bin" / "python"
    steps = ([sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "-q", PACKAGE])
    try:
        for step in steps:
            subprocess.run(step, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as failure:
        return f"{PACKAGE} could not be installed: {failure}"
    return python


def start(python: Path, folder: Path, key: Path, chain: Path, trust: Path) -> subprocess.Popen[bytes]:
    """Start it over a database of its own."""
    own = {
        "GOOSEBIT_DB_URI": f"sqlite://{folder / 'goosebit.sqlite'}",
        "GOOSEBIT_ARTIFACTS_DIR": str(folder / "goosebit"),
        "GOOSEBIT_POLL_TIME": "00:05:00",
    }
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(python), "-c", SERVER, str(PORT), str(key), str(chain), str(trust)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=kept | own, cwd=folder, stdout=quiet, stderr=quiet)


async def introduce(contexts: dict[str, ssl.SSLContext]) -> None:
    """Let each device poll and describe itself, as it wants it from those it does not know."""
    for name, context in contexts.items():
        reader, writer = await asyncio.open_connection("localhost", PORT, ssl=context)
        await exchange(reader, writer, TARGET.request(name))
        await exchange(reader, writer, TARGET.request(name, "PUT", "/configData", DESCRIPTION))
        writer.close()
