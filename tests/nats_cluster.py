"""A JetStream cluster of the tests' own: servers of Debian's nats-server on loopback, with TLS and one account."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "careful", "a-password-of-the-tests"
_CONFIG = """\
server_name: {name}
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{store}", max_memory_store: 16MB, max_file_store: 4GB }}
cluster {{ name: tests, listen: 127.0.0.1:{route}, routes: [{routes}] }}
tls {{ cert_file: "{folder}/server.pem", key_file: "{folder}/server.key" }}
accounts {{
  CAREFUL {{ jetstream: enabled, users: [{{ user: {user}, password: "{password}" }}] }}
  OTHER {{ users: [{{ user: other, password: other }}] }}
}}
"""


def program() -> str | None:
    """Return where nats-server is, or None where it is not installed."""
    return shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Cluster:
    """The running servers; each can be killed and started again."""

    folder: Path
    ports: list[int]
    running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return "tls://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    @property
    def settings(self) -> dict[str, Any]:
        """What `Settings` takes to use this cluster."""
        return {
            "inbox": self.url, "inbox_user": USER, "inbox_password": PASSWORD,
            "inbox_ca": str(self.folder / "ca.pem"), "inbox_replicas": min(3, len(self.ports)), "inbox_bytes": 1 << 30,
        }  # fmt: skip

    def start(self, number: int) -> None:
        log = (self.folder / f"{number}.log").open("ab")
        command = [str(program()), "-c", str(self.folder / f"{number}.conf")]
        self.running[number] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, number: int) -> None:
        process = self.running.pop(number)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def wait(self, seconds: float = 20.0) -> None:
        """Wait until every running server takes connections."""
        until = time.monotonic() + seconds
        for number in self.running:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[number]), 1):
                    break
                assert time.monotonic() < until, (self.folder / f"{number}.log").read_text()
                time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def _certificates(folder: Path) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "NATS of the tests")])
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    for file in ("server.pem", "ca.pem"):
        (folder / file).write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.key").write_bytes(private)


@contextlib.contextmanager
def cluster(servers: int = 3) -> Iterator[Cluster]:
    """Run a cluster on free loopback ports."""
    folder = Path(tempfile.mkdtemp(prefix="careful-nats-"))
    _certificates(folder)
    ports = _free_ports(2 * servers)
    clients, routes = ports[:servers], ports[servers:]
    made = Cluster(folder, clients)
    try:
        for number in range(servers):
            text = _CONFIG.format(
                name=f"n{number}", port=clients[number], route=routes[number], store=folder / f"store{number}",
                routes=", ".join(f'"nats://127.0.0.1:{port}"' for port in routes), folder=folder, user=USER,
                password=PASSWORD,
            )  # fmt: skip
            if servers == 1:  # one server makes no cluster
                text = "\n".join(line for line in text.splitlines() if not line.startswith("cluster "))
            (folder / f"{number}.conf").write_text(text)
            made.start(number)
        made.wait()
        yield made
    finally:
        for process in made.running.values():
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def required() -> None:
    """Skip where nats-server is not installed; fail where CI lacks it."""
    import pytest  # noqa: PLC0415 (a benchmark uses the rest without pytest)

    if program() is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have NATS: apt-get install nats-server")
        pytest.skip("NATS is not installed: apt-get install nats-server")
