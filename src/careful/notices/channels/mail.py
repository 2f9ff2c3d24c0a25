"""E-mail: one plain text message per owner and notice, with one-click unsubscribe (RFC 8058), over SMTP.

Text only, nothing loaded from anywhere, nothing to buy. A message id made from the notice and the owner's token lets
a mail server drop a second copy after a crash. What the library would do to a line that is too long for it, we do
ourselves: it makes encoded words of a long address, in which no mail client finds it, and loses a space now and then.
"""

import hashlib
from collections.abc import Mapping
from email.charset import Charset
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import quote, urlsplit

from careful.kernel import smtp
from careful.kernel.errors import Invalid
from careful.kernel.outbox import Message
from careful.kernel.settings import Settings
from careful.kernel.work import World

KIND = "notices.mail"
STAFF_KIND = "notices.staff_mail"
_LINE = 78  # RFC 5322, section 2.1.1: what a line should have at most,
_LONGEST_LINE = 998  # and what it must
_PLAIN = 60  # characters of text that go on a line as they are
_WORD = 10  # characters whose UTF-8 fits into one encoded word (RFC 2047, section 2: 75) however long each is

_UTF8 = Charset("utf-8")


class _AsItIs(BaseHeader):
    """A header of ASCII, broken at spaces alone: nothing in it is encoded or decoded."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Keep the value; the library's own parsers would decode the encoded words in it."""
        kwds.update(parse_tree=None, decoded=value)

    def fold(self, *, policy: Policy) -> str:
        """Return the lines as they go over the wire. Raises Invalid where no mail server has to take one."""
        first, *words = str(self).split(" ")
        lines = [f"{self.name}: {first}"]
        for word in words:
            if len(lines[-1]) + len(word) < _LINE:
                lines[-1] += f" {word}"
            else:
                lines.append(f" {word}")
        if max(map(len, lines)) > _LONGEST_LINE:
            raise Invalid(
                f"A line of {self.name} has more than {_LONGEST_LINE} characters.", do="Shorten CAREFUL_PUBLIC_URL."
            )
        return "".join(f"{line}{policy.linesep}" for line in lines)


_HEADERS = HeaderRegistry()
for _name in ("From", "To", "Subject", "List-Unsubscribe", "Message-ID"):
    _HEADERS.map_to_type(_name, _AsItIs)
_POLICY: "EmailPolicy[EmailMessage]" = EmailPolicy(linesep=SMTP.linesep, header_factory=_HEADERS)


def compose(payload: Mapping[str, Any], settings: Settings) -> EmailMessage:
    """Write the message. `payload`: to, subject, body, unsubscribe (token), advisory, at (RFC 3339).

    Raises ValueError where a header would become two.
    """
    message, address = _begin(payload, settings)
    link = _ascii_url(f"{settings.public_url}/unsubscribe/{payload['unsubscribe']}")
    message["List-Unsubscribe"] = f"<{link}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    digest = hashlib.sha256(f"{payload['advisory']}/{payload['unsubscribe']}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{_ascii_host(address.rpartition('@')[2])}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{payload['body']}\n\nNo more security messages about this product: {link}\n")
    return message


def compose_plain(payload: Mapping[str, Any], settings: Settings) -> EmailMessage:
    """Write a message to somebody of the staff: no list, nothing to leave. `payload`: to, subject, body, id."""
    message, address = _begin(payload, settings)
    digest = hashlib.sha256(f"{payload['id']}/{payload['to']}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{_ascii_host(address.rpartition('@')[2])}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{payload['body']}\n")
    return message


def _begin(payload: Mapping[str, Any], settings: Settings) -> tuple[EmailMessage, str]:
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(settings.mail_from)
    message["From"] = _mailbox(name, address)
    message["To"] = payload["to"]
    message["Subject"] = _text(payload["subject"])
    return message, address


def _mailbox(name: str, address: str) -> str:
    written = _text(name)
    return formataddr((name, address)) if written == name else f"{written} <{address}>"


def _text(text: str) -> str:
    """Return a text as it is, or in encoded words where it is long, not ASCII or would be taken for one of them.

    Raises ValueError for more than one line.
    """
    if len(text.splitlines()) > 1:
        raise ValueError("a header's text may not contain linefeed or carriage return characters")
    if text.isascii() and text.isprintable() and len(text) <= _PLAIN and "=?" not in text:
        return text
    parts = (text[start : start + _WORD] for start in range(0, len(text), _WORD))
    return " ".join(_UTF8.header_encode(part) for part in parts)


def _ascii_url(url: str) -> str:
    """Return the address as a URI (RFC 3987, section 3.1): what a person may type with other letters, in ASCII."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = _ascii_host(parts.hostname or "")
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=host + port, path=quote(parts.path, safe="/%:@!$&'()*+,;=~")).geturl()


def _ascii_host(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()


def deliver(world: World, message: Message) -> None:
    """Send one message from the outbox. Raises Unavailable when the mail server does not take it."""
    smtp.send(world, compose(message.payload, world.settings))


def deliver_plain(world: World, message: Message) -> None:
    """Send one message to the staff. Raises Unavailable when the mail server does not take it."""
    smtp.send(world, compose_plain(message.payload, world.settings))
