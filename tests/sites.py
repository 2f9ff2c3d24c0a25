"""Pages under test: is this HTML well made, does it keep to our policy, does it fit a narrow screen?"""

import contextlib
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import uvicorn
from playwright.sync_api import ConsoleMessage, Error, Page, sync_playwright
from starlette.types import ASGIApp

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
NARROW = {"width": 320, "height": 800}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_VOID = frozenset(
    {*("area", "base", "br", "col", "embed", "hr", "img"), *("input", "link", "meta", "source", "track", "wbr")}
)
_SVG_SHAPES = frozenset(["path", "circle", "rect", "line"])
_POINTERS = frozenset({"for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "headers"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class _Reader(HTMLParser):
    """Collects what is wrong with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.pointers: list[str] = []
        self.headings: list[int] = []
        self.seen: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.seen[tag] += 1
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> says an attribute twice")
        self.faults += [f"<{tag}> has inline {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not given.get("src", "").startswith("/static/")):
            self.faults.append(f"<{tag}> inline or from elsewhere")
        if given.get("href", "").strip().lower().startswith(("javascript:", "data:")):
            self.faults.append(f"<{tag}> leads to {given['href']}")
        if tag in _HEADINGS:
            self.headings.append(int(tag[1]))
        if given.get("id"):
            self.ids[given["id"]] += 1
        self.pointers += [one for name in _POINTERS & given.keys() for one in given[name].split()]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()
            if tag not in _SVG_SHAPES:
                self.faults.append(f"<{tag}/> does not close itself in HTML")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def finish(self) -> list[str]:
        """Judge what was read, page or part of one."""
        found = [*self.faults, *(f"<{tag}> is never closed" for tag in self.open)]
        found += [f"id {one} is there {times} times" for one, times in self.ids.items() if times > 1]
        return found + [f"nothing has the id {one}" for one in self.pointers if one not in self.ids]

    def finish_page(self) -> list[str]:
        """Judge the page as a whole."""
        found = [f"{self.seen[tag]} <{tag}>" for tag in ("html", "head", "body", "main", "h1") if self.seen[tag] != 1]
        levels = [0, *self.headings]
        steps = itertools.pairwise(levels)
        return found + [f"h{after} follows h{before}" for before, after in steps if after > before + 1]


def faults(html: str) -> list[str]:
    """Return what is wrong with a page: tags, ids, headings, anything that our content security policy would stop."""
    reader = _read(html)
    begun = [] if html.startswith("<!doctype html>") else ["it does not begin with <!doctype html>"]
    return begun + reader.finish() + reader.finish_page()


def fragment_faults(html: str) -> list[str]:
    """Return what is wrong with a part of a page."""
    return _read(html).finish()


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free loopback port; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def narrow_browser() -> Iterator[Page]:
    """Open Chromium with a screen 320 px wide, the narrowest that WCAG 2.2 (1.4.10) asks for."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page(viewport=NARROW)  # type: ignore[arg-type]  # a dict with the two keys asked for
        try:
            yield page
        finally:
            browser.close()


def look_at(page: Page, address: str) -> list[str]:
    """Open a page; return what the browser blocked or failed to load, and how far it runs off the side."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # That the page itself is a refusal (404) is no fault of it; that one of its files is missing would be.
        own = message.text.startswith("Failed to load resource") and message.location.get("url") == page.url
        if message.type == "error" and not own:
            said.append(f"console: {message.text}")

    def hear_error(error: Error) -> None:
        said.append(f"script: {error}")

    page.on("console", hear)
    page.on("pageerror", hear_error)
    page.goto(address)
    page.wait_for_load_state("load")
    wider = page.evaluate(OVERFLOW)
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", hear_error)
    return [*said, *([f"{wider} px off the side"] if wider > 0 else [])]
