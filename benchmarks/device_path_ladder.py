"""What each stage of the device path costs: CPU time of one message, stage by stage, in one process and no network.

Part of `device_path.py`. The real code of each stage is run over the same messages; CPU time of all threads counts.
"""

import os
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import device_path_fleet as fleet

from careful import customer_data, products
from careful.assemble import open_world
from careful.entrypoints.gateway.mqtt.codec import Reader
from careful.entrypoints.gateway.mqtt.events import ConnectionOpened, Joined, PacketReceived, Store
from careful.entrypoints.gateway.mqtt.packets import Connect, Publish, write
from careful.entrypoints.gateway.mqtt.session import Session
from careful.entrypoints.gateway.mqtt.signals import Signals
from careful.entrypoints.gateway.sealing import Pool, sealed
from careful.kernel.inbox import GROUP_MOST, Message, SqliteInbox
from careful.kernel.settings import Settings
from careful.kernel.work import World

COUNT = 20_000
TOGETHER = 20
"""Messages that come in one read of the network."""
STAGES = (
    "TLS: decrypt",
    "parse packets",
    "permission: topic, fields, types, ranges",
    "seal two fields",
    "count for the detections",
    "disk",
)


def microseconds(job: Callable[[], Any]) -> float:
    """Return the CPU time of a job over COUNT messages, for each."""
    before = time.process_time()
    job()
    return (time.process_time() - before) / COUNT * 1e6


def packets(device: str) -> list[bytes]:
    """Return reads of the network, each with some messages."""
    each = [
        write(Publish(f"d/{device}/up/reading", fleet.payload(number), 1, number % 65535 + 1))
        for number in range(1, COUNT + 1)
    ]
    return [b"".join(each[at : at + TOGETHER]) for at in range(0, COUNT, TOGETHER)]


def decrypting(world: World, reads: Sequence[bytes]) -> float:
    """Price the decryption of what came."""
    server, client = _tls(world)
    sent = []
    for one in reads:
        client[0].write(one)
        sent.append(client[2].read())

    def decrypt() -> None:
        for one in sent:
            server[1].write(one)
            with suppress(ssl.SSLWantReadError):
                while server[0].read(65536):
                    pass

    return microseconds(decrypt)


def _tls(world: World) -> list[tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]]:
    from careful import devices  # noqa: PLC0415 (as below: only this stage needs them)
    from careful.entrypoints.gateway.mqtt.tls import tls_context  # noqa: PLC0415

    key, chain = devices.issue_server_certificate(world)
    trust = devices.authority_bundle_path(world)
    contexts = [tls_context(key, chain, trust), ssl.create_default_context(cafile=trust)]
    contexts[1].load_cert_chain(world.home / "bench" / "bench-00000")
    ends = []
    for place, context in enumerate(contexts):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        made = context.wrap_bio(incoming, outgoing, server_side=not place, server_hostname="localhost" * place or None)
        ends.append((made, incoming, outgoing))
    for _ in range(4):
        for place in (1, 0):
            with suppress(ssl.SSLWantReadError):
                ends[place][0].do_handshake()
            ends[1 - place][1].write(ends[place][2].read())
    return ends


def parsing(reads: Sequence[bytes]) -> tuple[float, list[Any]]:
    """Price the parsing; return the packets too."""
    found: list[Any] = []

    def parse() -> None:
        reader = Reader()
        for one in reads:
            reader.push(one)
            while (packet := reader.next()) is not None:
                found.append(packet)

    return microseconds(parse), found


def permitting(world: World, device: str, publishes: Sequence[Any]) -> tuple[float, list[Store]]:
    """Price the session with its check; return what is to be stored too."""
    session = Session()
    session.handle(ConnectionOpened(device, products.permit_of(world, "bench"), 0.0))
    session.handle(PacketReceived(Connect(device), 0.0))
    session.handle(Joined())
    found: list[Store] = []

    def permit() -> None:
        for one in publishes:
            found.extend(command for command in session.handle(PacketReceived(one, 1.0)) if type(command) is Store)

    took = microseconds(permit)
    assert len(found) == COUNT
    return took, found


def sealing(world: World, device: str, stores: Sequence[Store]) -> tuple[float, list[Message]]:
    """Price the sealing; return the messages for the inbox too."""
    key, draw = customer_data.key_of(world, device), Pool().draw
    found: list[Message] = []

    def seal() -> None:
        for one in stores:
            assert one.stream is not None
            assert one.fields is not None
            said, digest = sealed(key, one.topic, one.stream, one.fields, one.payload, draw)
            found.append(Message(device, one.topic, said, 1, one.packet, False, digest))

    return microseconds(seal), found


def counting(world: World, device: str, stores: Sequence[Store]) -> float:
    """Price what the watch is told."""
    signals = Signals(world)

    def count() -> None:
        for one in stores:
            signals.sent(device, one.topic, one.payload)

    return microseconds(count)


def storing(world: World, messages: Sequence[Message]) -> float:
    """Price the disk: blocks of a few milliseconds, committed in groups with `synchronous=FULL`."""
    box, gate = SqliteInbox(world.home, world.clock), threading.Semaphore(8)

    def store() -> None:
        for at in range(0, COUNT, 64):
            gate.acquire()
            box.append(messages[at : at + 64], lambda _: gate.release())
        box.close()

    return microseconds(store)


def ladder() -> list[float]:
    """Return the price of each of STAGES, in microseconds of CPU."""
    fleet.quiet()
    with tempfile.TemporaryDirectory() as folder:
        world = open_world(Settings(data=Path(folder) / "data"))
        (device,) = fleet.make_fleet(world, 1)
        reads = packets(device)
        prices = [decrypting(world, reads)]
        took, publishes = parsing(reads)
        prices.append(took)
        took, stores = permitting(world, device, publishes)
        prices.append(took)
        took, messages = sealing(world, device, stores)
        prices.append(took)
        prices.append(counting(world, device, stores))
        prices.append(storing(world, messages))
        world.database.close()
    return prices


if __name__ == "__main__":
    print(f"blocks of at most {GROUP_MOST}, {os.cpu_count()} CPUs")
    for stage, price in zip(STAGES, ladder(), strict=True):
        print(f"{stage:<45} {price:6.2f} us")
