"""The one way out for mail: a conversation with the maker's mail server, under TLS unless it is this machine."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime

from careful.kernel.errors import Unavailable
from careful.kernel.settings import LOOPBACK
from careful.kernel.work import World

_SECONDS = 20


def send(world: World, mail: EmailMessage) -> None:
    """Date and send one message. Raises Unavailable when the mail server does not take it."""
    settings = world.settings
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
