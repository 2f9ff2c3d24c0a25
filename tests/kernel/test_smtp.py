"""Sending by a real SMTP conversation; where nobody answers, whom it was for stays out of the error."""

import dataclasses
import socket
from email import message_from_bytes
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller

from careful.kernel import smtp
from careful.kernel.errors import Unavailable


class Box:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (aiosmtpd's name)
        self.taken.append(envelope)
        return "250 taken"


def mail_to(address):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "careful@maker.example", address, "Hello"
    mail.set_content("Words.\n")
    return mail


def with_port(world, port):
    return dataclasses.replace(world, settings=world.settings.model_copy(update={"smtp_port": port}))


def test_a_message_is_dated_and_arrives(world):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        smtp.send(with_port(world, port), mail_to("kim@home.example"))
    finally:
        controller.stop()
    (envelope,) = box.taken
    assert envelope.rcpt_tos == ["kim@home.example"]
    assert message_from_bytes(envelope.content)["Date"] == "Mon, 02 Nov 2026 09:00:00 +0000"


def test_nobody_answers(world):
    with pytest.raises(Unavailable, match="127.0.0.1:1 did not take the message") as refused:
        smtp.send(with_port(world, 1), mail_to("kim@home.example"))
    assert "kim" not in str(refused.value)
