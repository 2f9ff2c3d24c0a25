"""A mailbox for demo and tests: a real SMTP server on this machine that keeps every message as a file.

    FOLDER/00000001.eml      the message as it came, with X-Envelope-From and X-Envelope-To in front

It takes mail for anyone, delivers nothing, and listens on loopback unless told otherwise.
"""

import argparse
import asyncio
import email
import email.policy
import os
import signal
import socket
import sys
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_MESSAGE_BYTES = 1 << 20


class Mailbox:
    """An SMTP server on `host`:`port` (0: a free one) whose messages lie in `folder`. Usable as a context manager."""

    def __init__(self, folder: Path, port: int, host: str = "127.0.0.1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self.port = port or _free_port(host)
        self._controller = Controller(self, hostname=host, port=self.port, data_size_limit=_MESSAGE_BYTES)

    def start(self) -> None:
        """Start listening. Raises OSError when the port is taken."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def messages(self) -> list[EmailMessage]:
        """Return what came so far, oldest first."""
        return read_folder(self._folder)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep one message; it is on disk before the sender is told so (RFC 5321, section 6.1)."""
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        to = ", ".join(envelope.rcpt_tos)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {to}\r\n".encode()
        await asyncio.to_thread(self._keep, head + raw)
        return "250 kept"

    def _keep(self, content: bytes) -> None:
        with self._lock:
            number = max((int(path.stem) for path in self._folder.glob("*.eml")), default=0) + 1
            beside = self._folder / f".{number}.writing"
            with beside.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            beside.rename(self._folder / f"{number:08}.eml")


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


def read_folder(folder: Path) -> list[EmailMessage]:
    """Return the messages that lie in `folder`, oldest first."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def main() -> int:
    """Keep mail until SIGTERM or Ctrl+C."""
    parser = argparse.ArgumentParser(prog="python -m careful.demo.mailbox", description=main.__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="folder in which messages are kept")
    parser.add_argument("--port", type=int, default=1025, help="port to listen on")
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Mailbox(given.dir, given.port) as mailbox:
            sys.stdout.write(f"Mail is kept in {given.dir}, from port {mailbox.port}\n")
            sys.stdout.flush()
            stop.wait()
    except OSError as taken:
        sys.stderr.write(f"Port {given.port} cannot be opened: {taken.strerror}. Choose another: --port N\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
