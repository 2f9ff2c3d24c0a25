"""An owner at the public pages: a browser with cookies, a mailbox, and forms sent as the pages have them."""

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from careful import owners
from careful.demo.mailbox import Mailbox
from careful.entrypoints.public.app import create_app
from careful.kernel import outbox
from careful.kernel.work import World

PUBLIC = "https://hearth.example"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]*)"')


def on_the_internet(world: World, mailbox: Mailbox) -> World:
    """Return the world with a public site under TLS and a mail server."""
    given = world.settings.model_copy(
        update={"public_url": PUBLIC, "smtp_port": mailbox.port, "smtp_host": "127.0.0.1"}
    )
    return replace(world, settings=given)


class Browser:
    """A browser with a cookie jar of its own."""

    def __init__(self, world: World, mailbox: Mailbox) -> None:
        self.world, self.mailbox = world, mailbox
        self.client = TestClient(
            create_app(world), base_url=PUBLIC, follow_redirects=False, raise_server_exceptions=False
        )

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (answer.status_code, answer.text[:2000])
        return html.unescape(answer.text)

    def post(self, path: str, page: str = "", *, csrf: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form as `page` (default: the one at the same path) has it."""
        token = csrf if csrf is not None else self.csrf(page or path)
        return self.client.post(path, data={"csrf": token, **fields}, headers={"sec-fetch-site": "same-origin"})

    def csrf(self, page: str) -> str:
        found = _CSRF.search(self.client.get(page).text)
        return found[1] if found else ""

    def link(self, to: str) -> str:
        """Deliver what is posted; return the path in the newest mail to an address, or ""."""
        outbox.deliver(self.world, owners.link_handlers())
        mails = [one for one in self.mailbox.messages() if one["To"] == to]
        found = re.search(rf"{PUBLIC}(/my/link/\S+)", mails[-1].get_content()) if mails else None
        return found[1] if found else ""

    def claim(self, device: str, code: str, email: str) -> str:
        """Claim a device from the label to the page."""
        sent = self.post("/my/claim", device=device, code=code, email=email)
        assert sent.status_code == 200, sent.text
        opened = self.post(self.link(email))
        assert opened.status_code == 303, opened.text
        return opened.headers["location"]

    def come_back(self, email: str) -> str:
        """Ask for a link and open it."""
        assert self.post("/my/ask", "/my", email=email).status_code == 200
        opened = self.post(self.link(email))
        assert opened.status_code == 303, opened.text
        return opened.headers["location"]


def labelled(world: World, actor: Any, product: str = "cam-1") -> dict[str, str]:
    """Make the codes on all labels."""
    return {one.device: one.code for one in owners.make_codes(world, actor, product, ())}


def mailbox_at(folder: Path) -> Mailbox:
    return Mailbox(folder / "mail", 0)
