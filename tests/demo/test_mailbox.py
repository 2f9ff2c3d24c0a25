import smtplib
import subprocess
import sys
from email.message import EmailMessage

import pytest

from careful.demo.mailbox import Mailbox, read_folder


def letter(subject, body="Please update.\n"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "maker@example.org", "owner@example.org", subject
    message.set_content(body)
    return message


@pytest.fixture
def mailbox(tmp_path):
    with Mailbox(tmp_path / "mail", 0) as opened:
        yield opened


def send(mailbox, *messages):
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=10) as client:
        for message in messages:
            client.send_message(message)


def test_messages_are_kept_in_order_and_whole(mailbox):
    send(mailbox, letter("first", "ä line\n"), letter("second"))
    kept = mailbox.messages()
    assert [message["Subject"] for message in kept] == ["first", "second"]
    assert kept[0].get_content().splitlines() == ["ä line"]
    assert kept[0]["X-Envelope-To"] == "owner@example.org"


def test_messages_are_still_there_after_a_restart(tmp_path):
    for subject in ("one", "two"):
        with Mailbox(tmp_path / "mail", 0) as mailbox:
            send(mailbox, letter(subject))
    assert [message["Subject"] for message in read_folder(tmp_path / "mail")] == ["one", "two"]
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == ["00000001.eml", "00000002.eml"]


def test_too_long_a_message_is_refused(mailbox):
    with pytest.raises(smtplib.SMTPException):
        send(mailbox, letter("long", "x" * 70 + "\n" + ("y" * 70 + "\n") * 20_000))
    assert mailbox.messages() == []


def test_a_taken_port_is_one_sentence(mailbox, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "careful.demo.mailbox", "--dir", tmp_path, "--port", str(mailbox.port)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {mailbox.port} cannot be opened: ")
