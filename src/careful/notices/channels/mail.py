"""E-mail: one plain text message per owner and notice, with one-click unsubscribe (RFC 8058), over SMTP.

Text only, nothing loaded from anywhere, nothing to buy. A message id made from the notice and the owner's token lets
a mail server drop a second copy after a crash.
"""

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from careful.kernel.errors import Unavailable
from careful.kernel.outbox import Message
from careful.kernel.settings import LOOPBACK, Settings
from careful.kernel.work import World

KIND = "notices.mail"
_SECONDS = 20


def compose(payload: Mapping[str, Any], settings: Settings) -> EmailMessage:
    """Write the message. `payload`: to, subject, body, unsubscribe (token), advisory, at (RFC 3339)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = payload["to"]
    message["Subject"] = payload["subject"]
    link = f"{settings.public_url}/unsubscribe/{payload['unsubscribe']}"
    message["List-Unsubscribe"] = f"<{link}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    digest = hashlib.sha256(f"{payload['advisory']}/{payload['unsubscribe']}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{payload['body']}\n\nNo more security messages about this product: {link}\n")
    return message


def deliver(world: World, message: Message) -> None:
    """Send one message from the outbox. Raises Unavailable when the mail server does not take it."""
    settings = world.settings
    mail = compose(message.payload, settings)
    mail["Date"] = format_datetime(world.clock.now())
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_SECONDS) as server:
            if settings.smtp_tls or settings.smtp_host not in LOOPBACK:
                server.starttls(context=ssl.create_default_context())
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as failure:
        # The address stays out of the error: errors are logged.
        reason = type(failure).__name__
        raise Unavailable(
            f"The mail server {settings.smtp_host}:{settings.smtp_port} did not take the message ({reason}).",
            do="Check CAREFUL_SMTP_HOST and CAREFUL_SMTP_PORT; it is tried again by itself.",
        ) from failure
