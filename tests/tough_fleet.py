"""Devices that do not give up: each sends 1, 2, 3 ... by QoS 1 until all is acknowledged, whoever dies meanwhile."""

import asyncio
import contextlib
import itertools
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from careful import devices, products
from careful.entrypoints.gateway.mqtt.packets import Connect, Publish, write
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

PRODUCT = b"""\
schema: product/1
product: {id: tough, name: Tough, models: [T-1]}
data:
  - id: reading
    fields: [n, note]
    types: {n: integer, note: text}
    personal: false
    details: {note: {personal: true, max_length: 200}}
"""
IN_FLIGHT = 20
_ACCEPTED, _ACK = b"\x20\x02\x00\x00", 4
_LOST = (OSError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError)


@dataclass
class Tough:
    """One device. `lost` counts the connections that ended under it."""

    name: str
    folder: Path
    trust: Path
    port: int
    total: int
    rate: float
    acked: int = 0
    sent: int = 0
    lost: int = 0
    out_of_turn: list[tuple[int, int]] = field(default_factory=list)

    async def run(self) -> None:
        """Send everything, over as many connections as it takes."""
        context = ssl.create_default_context(cafile=self.trust)
        context.load_cert_chain(self.folder / self.name)
        begin = asyncio.get_running_loop().time()
        while self.acked < self.total:
            with contextlib.suppress(*_LOST):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.port, ssl=context, server_hostname="localhost"
                )
                try:
                    writer.write(write(Connect(self.name)))
                    if await asyncio.wait_for(reader.readexactly(4), 15) == _ACCEPTED:
                        await self._talk(reader, writer, begin)
                finally:
                    writer.close()
            if self.acked < self.total:
                self.lost += 1
                await asyncio.sleep(0.2)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begin: float) -> None:
        """Send what is due and count what is acknowledged, until all is or the connection ends."""
        loop, here = asyncio.get_running_loop(), self.acked
        while self.acked < self.total:
            if writer.is_closing():
                raise ConnectionError("the gateway has closed the connection")
            due = min(self.total, self.acked + IN_FLIGHT, int((loop.time() - begin) * self.rate))
            for number in range(here + 1, due + 1):
                packet = (number - 1) % 65535 + 1
                said = b'{"n":%d,"note":"canary %s %d"}' % (number, self.name.encode(), number)
                writer.write(write(Publish(f"d/{self.name}/up/reading", said, 1, packet, dup=number <= self.sent)))
            here, self.sent = max(here, due), max(self.sent, due)
            if here == self.acked:
                await asyncio.sleep(0.01)
                continue
            answer = await asyncio.wait_for(reader.readexactly(_ACK), 30)
            if int.from_bytes(answer[2:], "big") != self.acked % 65535 + 1:
                self.out_of_turn.append((self.acked, int.from_bytes(answer[2:], "big")))
            self.acked += 1


def make(world: World, count: int) -> list[str]:
    """Enrol `count` devices; each has key and certificate in one file of `<data>/tough`."""
    products.declare(world, SYSTEM, PRODUCT)
    products.approve(world, SYSTEM, "tough")
    folder = world.home / "tough"
    folder.mkdir()
    names = [f"tough-{n:03d}" for n in range(count)]
    for name in names:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        token = devices.make_tokens(world, SYSTEM, "tough", [name], "rev-a")[0].token
        chain = devices.enrol(world, token, request.public_bytes(Encoding.DER), None, "test")
        pem = b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain[:2])
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / name).write_bytes(pem + own)
    return names


def fleet(world: World, names: list[str], total: int, rate: float) -> list[Tough]:
    """Return the devices, not yet running."""
    folder, trust = world.home / "tough", devices.authority_bundle_path(world)
    return [Tough(name, folder, trust, world.settings.mqtt_port, total, rate) for name in names]


def faults(said: dict[str, list[int]], total: int) -> list[str]:
    """Say what is wrong with what is stored, device by device: missing, twice, out of order."""
    found = []
    for device, numbers in sorted(said.items()):
        missing = sorted(set(range(1, total + 1)) - set(numbers))
        twice = len(numbers) - len(set(numbers))
        disordered = [(a, b) for a, b in itertools.pairwise(numbers) if b <= a]
        if missing or twice or disordered:
            found.append(f"{device}: missing {missing[:5]}, {twice} twice, out of order {disordered[:5]}")
    return found
