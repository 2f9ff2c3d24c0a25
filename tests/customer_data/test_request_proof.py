"""Proving that a request comes from the customer: by code, by signature, by judgement; and what does not prove it."""

import dataclasses
import json
import re
import socket
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from careful import customer_data, devices
from careful.customer_data.request_proof import CODE_KIND, CODE_TOPIC, TRIES
from careful.kernel import outbox
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused
from careful.kernel.mailboxes import open_mailbox

DEVICE = "cam-1-001"


@pytest.fixture
def one(house, staff):
    return customer_data.open_request(house.world, staff, DEVICE, "access").id


def code_of(world):
    """What the device shows: the newest code that went down to it."""
    box = open_mailbox(world)
    try:
        found = [
            json.loads(down.payload)["code"]
            for down in box.fetch(DEVICE, 0, retained=False)[0]
            if down.topic == CODE_TOPIC
        ]
    finally:
        box.close()
    return found[-1]


def test_a_code_at_the_device(house, staff, one):
    world = house.world
    with pytest.raises(Refused, match="No code is out"):
        customer_data.prove_by_code(world, staff, one, "12345678")
    customer_data.send_code(world, staff, one, "device")
    found = customer_data.prove_by_code(world, staff, one, f" {code_of(world)} ")
    assert (found.proof, found.proven_at) == ("device", world.clock.now())
    with pytest.raises(Refused, match="proven already"):
        customer_data.send_code(world, staff, one, "device")


def test_five_tries_and_a_quarter_of_an_hour(house, staff, one):
    world = house.world
    customer_data.send_code(world, staff, one, "device")
    code = code_of(world)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(TRIES):
        with pytest.raises(Forbidden):
            customer_data.prove_by_code(world, staff, one, wrong)
    with pytest.raises(Refused, match="No code is out"):
        customer_data.prove_by_code(world, staff, one, code)
    customer_data.send_code(world, staff, one, "device")
    world.clock.advance(timedelta(minutes=16))
    with pytest.raises(Refused, match="No code is out"):
        customer_data.prove_by_code(world, staff, one, code_of(world))


def test_a_code_by_mail(house, staff, one):
    world = house.world
    with pytest.raises(Refused, match="no owner's address"):
        customer_data.send_code(world, staff, one, "mail")
    devices.set_owner(world, staff, DEVICE, "kim@example.org")
    customer_data.send_code(world, staff, one, "mail")
    with world.look() as connection:
        (row,) = connection.execute(select(outbox.messages).where(outbox.messages.c.kind == CODE_KIND))
    assert "kim" not in json.dumps(row.payload)
    assert customer_data.request_handlers().keys() == {CODE_KIND}
    assert customer_data.prove_by_code(world, staff, one, row.payload["code"]).proof == "mail"


class Box:
    """A mail server that keeps what it takes."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.taken.append(envelope)
        return "250 taken"


def test_the_mail_arrives(house, staff, one):
    devices.set_owner(house.world, staff, DEVICE, "kim@example.org")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world = dataclasses.replace(house.world, settings=house.world.settings.model_copy(update={"smtp_port": port}))
    customer_data.send_code(world, staff, one, "mail")
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert outbox.deliver(world, customer_data.request_handlers()) == 1
    finally:
        controller.stop()
    (envelope,) = box.taken
    assert envelope.rcpt_tos == ["kim@example.org"]
    code = re.search(rb"it was you: (\d{8})", envelope.content)[1].decode()
    assert customer_data.prove_by_code(world, staff, one, code).proof == "mail"


def test_a_signature_by_the_device(house, staff, one):
    world = house.world
    key, other = house.maker.keys[DEVICE], ec.generate_private_key(ec.SECP256R1())

    def public(of):
        return of.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    signed = key.sign(customer_data.challenge(one), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(Forbidden, match="not in a certificate"):
        customer_data.prove_by_signature(world, staff, one, public(other), signed)
    with pytest.raises(Forbidden, match="does not fit"):
        customer_data.prove_by_signature(world, staff, one, public(key), signed[:-1] + b"x")
    with pytest.raises(Invalid, match="no public key"):
        customer_data.prove_by_signature(world, staff, one, b"nonsense", signed)
    assert customer_data.prove_by_signature(world, staff, one, public(key), signed).proof == "signature"


def test_a_persons_word_needs_a_reason(house, staff, one):
    world = house.world
    with pytest.raises(Invalid, match="Say why"):
        customer_data.prove_by_staff(world, staff, one, "  ")
    assert customer_data.prove_by_staff(world, staff, one, "came to the shop").proof_note == "came to the shop"
    with pytest.raises(NotFound, match=re.escape("no request 'none'")):
        customer_data.prove_by_staff(world, staff, "none", "why")
