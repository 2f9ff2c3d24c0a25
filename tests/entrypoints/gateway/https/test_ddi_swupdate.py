"""Debian's own SWUpdate against the real server: mutual TLS, a signed image, installed, confirmed, and refused."""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from makers import Maker

from careful import devices, releases, updates
from careful.entrypoints.gateway.https.app import server_config
from careful.kernel import ledger
from careful.kernel.settings import Settings
from careful.updates import store

pytestmark = pytest.mark.walk
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

    def start(
        self, *more: str, hardware: str = "board:rev-a", options: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        url = f"-t DEFAULT -u https://localhost:{self.port} -i cam-1-001 -p 1 {' '.join(more)}"
        command = ["swupdate", "-v", "-f", "swupdate.cfg", "-H", hardware, "-k", "signer.pem", *options, "-u", url]
        log = (self.folder / "log").open("ab")
        short = tempfile.mkdtemp()  # for its sockets, whose path must be short: two boards share none
        return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env={**os.environ, "TMPDIR": short})

    def run_until(self, done, *more: str, **how) -> None:
        process = self.start(*more, **how)
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


def image(folder: Path, target: Path, content: bytes, *, signed: bool = True, version: str = "1.0.1") -> bytes:
    """Return an .swu that puts `content` at `target`, signed with CMS by openssl."""
    if not (folder / "signer.pem").exists():
        extensions = ["-addext", "extendedKeyUsage=emailProtection", "-addext", "keyUsage=digitalSignature"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Maker", "-days", "9",
             "-keyout", "signer.key", "-out", "signer.pem", *extensions],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    description = f"""software = {{
  version = "{version}";
  hardware-compatibility: [ "rev-a" ];
  files: ( {{ filename = "fw.bin"; path = "{target}"; sha256 = "{hashlib.sha256(content).hexdigest()}"; }} );
}}
"""
    (folder / "sw-description").write_text(description)
    subprocess.run(
        ["openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer", "signer.pem",
         "-inkey", "signer.key", "-outform", "DER", "-nosmimecap", "-binary"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    names = ("sw-description", "sw-description.sig") if signed else ("sw-description",)
    files = {name: (folder / name).read_bytes() for name in names}
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
    if shutil.which("swupdate") is None:  # never passed over where everything is installed for the tests
        (pytest.fail if os.environ.get("CI") else pytest.skip)("SWUpdate is needed: apt-get install swupdate")
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


@pytest.fixture
def action(world, staff, content):
    """The order for that release."""
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return updates.order_for(world, "cam-1-001").id


def lines(world, action):
    return [line for one in updates.statuses(world, action) for line in one.report.details]


def is_over(world, action):
    return lambda: not updates.order(world, action).is_open


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


def test_swupdate_reports_that_the_new_image_did_not_come_up(world, board, action):
    board.run_until(lambda: "All Chunks Installed." in lines(world, action))
    board.run_until(is_over(world, action), "-c", "3")
    order = updates.order(world, action)
    assert (order.state, order.detail) == ("failed", "Update Failed.")
    assert updates.rollouts(world)[0].count("failed") == 1


class Cutting:
    """A wire that breaks once, after so many bytes of an answer."""

    def __init__(self, port: int, after: int) -> None:
        self.carried, self.breaks, self._to, self._after = 0, 0, port, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            for source, target, counts in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._carry, args=(source, target, counts), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        here = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(16_384):
                here += len(piece)
                self.carried += len(piece) * counts
                if counts and here > self._after and not self.breaks:
                    self.breaks += 1
                    break
                target.sendall(piece)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


def test_swupdate_goes_on_where_the_wire_broke(world, board, action, content):
    wire = Cutting(board.port, after=700_000)
    try:
        broken = replace(board, port=wire.port)
        broken.run_until(lambda: "All Chunks Installed." in lines(world, action), "-r", "5", "-w", "1")
    finally:
        wire.close()
    assert wire.breaks == 1
    assert board.installed.read_bytes() == content
    assert wire.carried < 1.5 * len(content), "it began anew"


def test_swupdate_drops_what_was_halted(world, staff, board, action):
    updates.retrieved(world, "cam-1-001", action)
    updates.halt(world, staff, updates.rollouts(world)[0].id, "found a fault")
    board.run_until(is_over(world, action))
    order = updates.order(world, action)
    assert (order.state, order.detail) == ("cancelled", "cancellation acknowledged.")
    assert not board.installed.exists()


def offer(world, staff, maker, board, **how):
    """Publish and offer a release whose image is made as asked; return its order."""
    swu = image(board.folder, board.installed, b"firmware" * 9000, **how)
    maker.release("1.0.1", content=swu, kind="swu")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return updates.order_for(world, "cam-1-001").id


@pytest.mark.parametrize(
    ("made", "run"),
    [
        pytest.param({"signed": False}, {}, id="an unsigned image"),
        pytest.param({}, {"hardware": "board:rev-b"}, id="another hardware"),
        pytest.param({}, {"options": ("-N", "1.2.0")}, id="an older one"),
    ],
)
def test_swupdate_refuses(world, staff, maker, board, made, run):
    action = offer(world, staff, maker, board, **made)
    board.run_until(is_over(world, action), **run)
    assert updates.order(world, action).state == "failed", lines(world, action)
    assert not board.installed.exists()
    assert devices.get(world, "cam-1-001").version == "1.0.0"


def test_swupdate_refuses_another_makers_signature(world, staff, maker, board):
    action = offer(world, staff, maker, board)
    (board.folder / "signer.pem").unlink()
    image(board.folder, board.installed, b"other")  # another key; what was published was signed with the first
    board.run_until(is_over(world, action))
    assert updates.order(world, action).state == "failed", lines(world, action)
    assert not board.installed.exists()


def test_swupdate_with_a_certificate_of_another_authority_is_not_let_in(world, board, action):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=cam-1-001", "-days", "9",
         "-keyout", "device.key", "-out", "device.crt"],
        cwd=board.folder, check=True, capture_output=True,
    )  # fmt: skip
    board.run_until(lambda: board.log().count("Channel operation returned") + board.log().count("[ERROR]") > 1)
    order = updates.order(world, action)
    assert (order.state, order.retrieved_at) == ("offered", None)
    assert not board.installed.exists()


def test_swupdate_with_another_devices_certificate_gets_nothing(world, maker, board, action):
    maker.device("cam-1-002")
    shown = x509.load_der_x509_certificate(maker.certificates["cam-1-002"])
    (board.folder / "device.crt").write_bytes(shown.public_bytes(Encoding.PEM))
    key = maker.keys["cam-1-002"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (board.folder / "device.key").write_bytes(key)
    board.run_until(lambda: [one.kind for one in devices.refusals(world, "cam-1-002")] == ["other-device"])
    assert updates.order(world, action).state == "offered"


def test_swupdate_installs_several_modules(world, staff, maker, board):
    second = board.folder / "second.bin"
    app = board.folder / "app.swu"
    made = maker.release(
        "1.0.1", content=image(board.folder, board.installed, b"one" * 9000), kind="swu", publish=False
    )
    app.write_bytes(image(board.folder, second, b"two" * 9000, version="7.1"))
    releases.add_part(world, staff, made.id, "bApp", app, name="player", version="7.1")
    updates.sign_release(world, staff, made.id)
    updates.publish(world, staff, made.id)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    action = updates.order_for(world, "cam-1-001").id
    board.run_until(lambda: "All Chunks Installed." in lines(world, action))
    assert board.installed.read_bytes() == b"one" * 9000
    assert second.read_bytes() == b"two" * 9000


class Elsewhere:
    """Sends whoever fetches an image to another server, as a bucket's link does."""

    def __init__(self, app, port: int) -> None:
        self.app, self.port, self.sent = app, port, 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http" and "/artifacts/" in scope["path"] and scope["method"] == "GET":
            self.sent += 1
            there = f"https://localhost:{self.port}{scope['path']}".encode()
            await send({"type": "http.response.start", "status": 302, "headers": [(b"location", there)]})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send)


def test_swupdate_follows_to_another_server(world, board, action, content, serve):
    config = server_config(world)
    config.app = sends = Elsewhere(config.app, board.port)
    with serve(config) as first:
        replace(board, port=first.port).run_until(lambda: "All Chunks Installed." in lines(world, action))
    assert sends.sent >= 1
    assert board.installed.read_bytes() == content


def test_swupdate_does_nothing_until_the_owner_agrees(world, staff, board, action, content):
    with world.change(staff) as work:
        store.turn_order(work.connection, action, needs_confirmation=True)
        store.turn_device(work.connection, "cam-1-001", asking=True)
    began = time.monotonic()
    board.run_until(lambda: time.monotonic() > began + 4)  # it polls each second, and knows no confirmationBase
    assert updates.order(world, action).state == "offered"
    updates.activate_auto_confirm(world, staff, "cam-1-001", "owner", "any time")
    board.run_until(lambda: "All Chunks Installed." in lines(world, action))
    assert board.installed.read_bytes() == content


def test_swupdate_is_told_nothing_outside_the_window(world, staff, clock, board, action, content):
    hour = clock.now().hour
    shut = f"{(hour + 2) % 24:02d}:00-{(hour + 3) % 24:02d}:00"
    with world.change(staff) as work:
        store.turn_order(work.connection, action, window=shut)
        store.turn_device(work.connection, "cam-1-001", window=shut)
    began = time.monotonic()
    board.run_until(lambda: time.monotonic() > began + 4)
    assert updates.order(world, action).state == "offered"  # a skipped order would be closed, as a success
    clock.advance(timedelta(hours=2))
    board.run_until(lambda: "All Chunks Installed." in lines(world, action))
    assert board.installed.read_bytes() == content
