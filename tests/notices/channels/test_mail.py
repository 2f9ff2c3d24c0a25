"""Mail through a real SMTP conversation, with one-click unsubscribe, and clear words when nobody answers."""

import dataclasses
import socket

import pytest
from aiosmtpd.controller import Controller

from careful.kernel import outbox
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import Settings
from careful.notices.channels import mail

PAYLOAD = {
    "to": "owner@home.example",
    "subject": "Hearth Cam 1: security update",
    "body": "What to do\nKeep it on. Grüße.",
    "unsubscribe": "tok123",
    "advisory": "CAREFUL-2026-0001",
    "at": "2026-11-02T09:00:00Z",
}


class Box:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.taken.append(envelope)
        return "250 taken"


@pytest.fixture
def box():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = Box()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    kept.port = port
    yield kept
    controller.stop()


def with_port(world, port):
    return dataclasses.replace(world, settings=Settings(data=world.home, smtp_port=port))


def test_delivered(world, box):
    world = with_port(world, box.port)
    with world.change(SYSTEM) as work:
        work.post(mail.KIND, PAYLOAD)
    assert outbox.deliver(world, {mail.KIND: mail.deliver}) == 1
    (envelope,) = box.taken
    text = envelope.content.decode()
    assert envelope.rcpt_tos == ["owner@home.example"]
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in text
    assert f"List-Unsubscribe: <{world.settings.public_url}/unsubscribe/tok123>" in text
    assert "Content-Type: text/plain" in text


def test_same_notice_has_the_same_message_id():
    settings = Settings()
    assert mail.compose(PAYLOAD, settings)["Message-ID"] == mail.compose(PAYLOAD, settings)["Message-ID"]
    other = {**PAYLOAD, "unsubscribe": "else"}
    assert mail.compose(PAYLOAD, settings)["Message-ID"] != mail.compose(other, settings)["Message-ID"]


def test_no_header_can_be_smuggled_in():
    with pytest.raises(ValueError, match="linefeed|newline"):
        mail.compose({**PAYLOAD, "subject": "x\r\nBcc: all@example.com"}, Settings())


def test_nobody_answers(world):
    world = with_port(world, 1)
    with world.change(SYSTEM) as work:
        work.post(mail.KIND, PAYLOAD)
    assert outbox.deliver(world, {mail.KIND: mail.deliver}) == 0
    with world.look() as connection:
        row = connection.execute(outbox.messages.select()).one()
    assert "did not take the message" in row.last_error
    assert "owner@home.example" not in row.last_error
