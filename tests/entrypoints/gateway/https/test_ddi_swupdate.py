"""Debian's own SWUpdate against the real server: mutual TLS, a signed image, installed, confirmed, and refused."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from makers import Maker

from careful import devices, updates
from careful.kernel import ledger
from careful.kernel.settings import Settings

pytestmark = [
    pytest.mark.walk,
    pytest.mark.skipif(shutil.which("swupdate") is None, reason="needs SWUpdate: apt-get install swupdate"),
]
_PATIENCE = 60


def cpio(files: dict[str, bytes]) -> bytes:
    """Return a cpio archive with checksums ("070702"), as SWUpdate wants it."""
    out = b""
    for number, (name, content) in enumerate({**files, "TRAILER!!!": b""}.items()):
        fields = [number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, sum(content) & 0xFFFFFFFF]
        out += b"070702" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + content
        out += b"\0" * (-len(out) % 4)
    return out


@dataclass(frozen=True)
class Board:
    """A device that runs SWUpdate."""

    folder: Path
    port: int

    @property
    def installed(self) -> Path:
        return self.folder / "installed.bin"

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        url = f"-t DEFAULT -u https://localhost:{self.port} -i cam-1-001 -p 1 {' '.join(more)}"
        command = ["swupdate", "-v", "-f", "swupdate.cfg", "-H", "board:1.0", "-k", "signer.pem", "-u", url]
        log = (self.folder / "log").open("ab")
        short = tempfile.mkdtemp()  # for its sockets, whose path must be short: two boards share none
        return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env={**os.environ, "TMPDIR": short})

    def run_until(self, done, *more: str) -> None:
        process = self.start(*more)
        try:
            until = time.monotonic() + _PATIENCE
            while not done():
                assert process.poll() is None, self.log()
                assert time.monotonic() < until, self.log()
                time.sleep(0.2)
        finally:
            process.terminate()
            process.wait(10)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[:9000]


def image(folder: Path, target: Path, content: bytes) -> bytes:
    """Return an .swu that puts `content` at `target`, signed with CMS by openssl."""
    if not (folder / "signer.pem").exists():
        extensions = ["-addext", "extendedKeyUsage=emailProtection", "-addext", "keyUsage=digitalSignature"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Maker", "-days", "9",
             "-keyout", "signer.key", "-out", "signer.pem", *extensions],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    description = f"""software = {{
  version = "1.0.1";
  hardware-compatibility: [ "1.0" ];
  files: ( {{ filename = "fw.bin"; path = "{target}"; sha256 = "{hashlib.sha256(content).hexdigest()}"; }} );
}}
"""
    (folder / "sw-description").write_text(description)
    subprocess.run(
        ["openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer", "signer.pem",
         "-inkey", "signer.key", "-outform", "DER", "-nosmimecap", "-binary"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    files = {name: (folder / name).read_bytes() for name in ("sw-description", "sw-description.sig")}
    return cpio({**files, "fw.bin": content})


@pytest.fixture
def world(world):
    return replace(world, settings=Settings(data=world.home, poll_seconds=1))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.device("cam-1-001")
    return made


@pytest.fixture
def board(world, maker, server, tmp_path):
    folder = tmp_path / "board"
    folder.mkdir()
    certificate = x509.load_der_x509_certificate(maker.certificates["cam-1-001"])
    (folder / "device.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    key = maker.keys["cam-1-001"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "device.key").write_bytes(key)
    (folder / "swupdate.cfg").write_text(f"""globals : {{ verbose = true; loglevel = 5; }};
suricatta : {{
  cafile = "{devices.authority_bundle_path(world)}"; sslcert = "{folder}/device.crt"; sslkey = "{folder}/device.key";
}};
identify : ( {{ name = "board"; value = "test"; }}, {{ name = "version"; value = "1.0.0"; }} );
""")
    return Board(folder, server.port)


@pytest.fixture
def content(maker, board):
    """What the image carries; the release that carries it is published."""
    made = bytes(range(256)) * 4000
    maker.release("1.0.1", content=image(board.folder, board.installed, made), kind="swu")
    return made


def test_swupdate_installs_confirms_and_is_believed(world, staff, board, content):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    action = updates.order_for(world, "cam-1-001").id

    def told(words: str) -> bool:
        lines = [line for one in updates.statuses(world, action) for line in one.report.details]
        return any(words in line for line in lines)

    board.run_until(lambda: told("All Chunks Installed."))
    assert board.installed.read_bytes() == content
    assert updates.attributes(world, "cam-1-001") == {"board": "test", "version": "1.0.0"}
    assert updates.order(world, action).state == "running"  # installed is not yet healthy
    board.run_until(lambda: not updates.order(world, action).is_open, "-c", "2")
    assert updates.order(world, action).state == "succeeded"
    updates.advance(world)
    assert updates.rollout(world, started).rollout.count("installed") == 1  # its word; it has yet to say what it runs
    config = board.folder / "swupdate.cfg"
    config.write_text(config.read_text().replace("1.0.0", "1.0.1"))  # as the new image has it
    board.run_until(lambda: devices.get(world, "cam-1-001").version == "1.0.1")
    updates.advance(world)
    assert updates.rollout(world, started).rollout.state == "finished"


def test_swupdate_refuses_an_altered_image(world, staff, board, content):
    action = updates.drill(world, staff, "cam-1-001", "tampered")
    board.run_until(lambda: not updates.order(world, action).is_open)
    order = updates.order(world, action)
    assert order.state == "failed", updates.statuses(world, action)
    assert not board.installed.exists()
    with world.look() as connection:
        [held] = ledger.read(connection, names=["updates.drill_held"])
    assert "HASH mismatch" in held.data["reason"] or "Checksum does not match" in held.data["reason"]
