"""Mail through a real SMTP conversation, with one-click unsubscribe, and clear words when nobody answers."""

import dataclasses
import email
import email.policy
import socket
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from aiosmtpd.controller import Controller

from careful.kernel import outbox
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Invalid
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


def with_port(world, port, **given):
    return dataclasses.replace(world, settings=Settings(data=world.home, smtp_port=port, **given))


def test_delivered(world, box):
    world = with_port(world, box.port)
    with world.change(SYSTEM) as work:
        work.post(mail.KIND, PAYLOAD)
    assert outbox.deliver(world, {mail.KIND: mail.deliver}) == 1
    (envelope,) = box.taken
    text = envelope.content.decode()
    assert envelope.rcpt_tos == ["owner@home.example"]
    assert f"List-Unsubscribe: <{world.settings.public_url}/unsubscribe/tok123>" in text
    assert "Content-Type: text/plain" in text


def test_staff_get_a_plain_letter_without_a_list(world, box):
    world = with_port(world, box.port)
    payload = {"to": "ann@maker.example", "subject": "Careful: Flood in cam-1", "body": "5 cut off.", "id": "a1"}
    with world.change(SYSTEM) as work:
        work.post(mail.STAFF_KIND, payload)
    assert outbox.deliver(world, {mail.STAFF_KIND: mail.deliver_plain}) == 1
    (envelope,) = box.taken
    text = envelope.content.decode()
    assert envelope.rcpt_tos == ["ann@maker.example"]
    assert "5 cut off." in text
    assert "nsubscribe" not in text


LONG = "https://" + "security-notices." * 4 + "hearth.example/" + "a-long-way/" * 12 + "notices"


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        pytest.param("https://hearth.example", "https://hearth.example", id="short"),
        pytest.param(LONG, LONG, id="longer than a line"),
        pytest.param(
            "https://höfe.example:8443/für/alle",
            "https://xn--hfe-sna.example:8443/f%C3%BCr/alle",
            id="not ASCII",
        ),
    ],
)
@pytest.mark.parametrize("mark", ["t", "token-of-an-owner." * 8])
def test_the_link_arrives_literally(world, box, public_url, host, mark):
    name = "Müller, Söhne & Co." + " Überall" * 6
    sender = f'"{name}" <security@{"long-" * 9}name.example>'
    world = with_port(world, box.port, public_url=public_url, mail_from=sender)
    subject = "Größere Lücke, bitte schließen 🔥 " * 9 + "Ende"
    with world.change(SYSTEM) as work:
        work.post(mail.KIND, {**PAYLOAD, "subject": subject, "unsubscribe": mark})
    assert outbox.deliver(world, {mail.KIND: mail.deliver}) == 1
    (envelope,) = box.taken
    head = envelope.original_content.partition(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")
    assert f"List-Unsubscribe: <{host}/unsubscribe/{mark}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert head.isascii()
    assert max(map(len, lines)) <= 998
    assert envelope.mail_from == f"security@{'long-' * 9}name.example"
    read = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
    assert read["Subject"] == subject
    assert [one.addr_spec for one in read["From"].addresses] == [envelope.mail_from]
    # The library's parser of phrases keeps the white space between encoded words, which RFC 2047 section 6.2 forbids.
    plain = email.message_from_bytes(envelope.original_content, policy=email.policy.compat32)
    assert str(make_header(decode_header(parseaddr(plain["From"])[0]))) == name
    assert read["Message-ID"].endswith(f"@{'long-' * 9}name.example>")
    assert f"{host}/unsubscribe/{mark}" in read.get_content()


def test_a_link_that_no_header_can_hold_is_refused():
    message = mail.compose(PAYLOAD, Settings(public_url="https://hearth.example/" + "a" * 990))
    with pytest.raises(Invalid, match="more than 998"):
        message.as_bytes()


def test_same_notice_has_the_same_message_id():
    settings = Settings()
    assert mail.compose(PAYLOAD, settings)["Message-ID"] == mail.compose(PAYLOAD, settings)["Message-ID"]
    other = {**PAYLOAD, "unsubscribe": "else"}
    assert mail.compose(PAYLOAD, settings)["Message-ID"] != mail.compose(other, settings)["Message-ID"]


@pytest.mark.parametrize("turn", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
@pytest.mark.parametrize("part", ["subject", "to"])
def test_no_header_can_be_smuggled_in(part, turn):
    with pytest.raises(ValueError, match="linefeed|newline"):
        mail.compose({**PAYLOAD, part: f"x{turn}Bcc: all@example.com"}, Settings())


@pytest.mark.parametrize("turn", ["\r\n", "\n", "\r"])
def test_nor_by_the_link(turn):
    with pytest.raises(ValueError, match="linefeed|newline"):
        mail.compose({**PAYLOAD, "unsubscribe": f"x{turn}Bcc: all@example.com"}, Settings())


def test_nobody_answers(world):
    world = with_port(world, 1)
    with world.change(SYSTEM) as work:
        work.post(mail.KIND, PAYLOAD)
    assert outbox.deliver(world, {mail.KIND: mail.deliver}) == 0
    with world.look() as connection:
        row = connection.execute(outbox.messages.select()).one()
    assert "did not take the message" in row.last_error
    assert "owner@home.example" not in row.last_error
