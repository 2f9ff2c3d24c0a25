"""Sign-ins a second, and how long a page takes, while somebody guesses passwords: over HTTP, with real hashing."""

import contextlib
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import persons
import uvicorn
from table import RUNS, method, row

from careful import assemble, people
from careful.entrypoints.api.app import create_api
from careful.entrypoints.console.app import create_app
from careful.entrypoints.web import page_config
from careful.kernel.actors import OPERATOR
from careful.kernel.clock import ManualClock
from careful.kernel.settings import Settings
from careful.kernel.work import World

SESSIONS, WRONG_A_MINUTE, SECONDS = 50, 1000, 12.0
DOOR_PAGES = ("/", "/products", "/devices", "/settings")


@contextlib.contextmanager
def console() -> Iterator[tuple[World, ManualClock, str]]:
    """Serve a new console on a free port, with real hashing and no limit on requests from one address."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        free = {"rate_sign_in": 0, "rate_page": 0, "rate_change": 0}
        made = assemble.open_world(Settings(data=Path(folder) / "data", console_port=port, **free))
        clock = ManualClock(made.clock.now())
        world = replace(made, clock=clock)
        server = uvicorn.Server(page_config(world, create_app(world, api=create_api(world)), port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield world, clock, f"http://localhost:{port}"
        finally:
            server.should_exit = True
            thread.join()


def token_of(client: httpx.Client) -> str:
    """Return the token of the form that this browser is shown."""
    found = re.search(r'name="csrf" value="([0-9a-f]*)"', client.get("/sign-in").text)
    return found[1] if found else ""


def guess(site: str, stop: threading.Event, answers: list[int]) -> None:
    """Try wrong passwords at this rate, each from another address, against accounts that exist and that do not."""
    pause, number = 60 / WRONG_A_MINUTE, 0
    with ThreadPoolExecutor(32) as pool:
        began = time.monotonic()
        while not stop.is_set():
            number += 1
            pool.submit(_wrong, site, number, answers)
            time.sleep(max(0.0, began + number * pause - time.monotonic()))
        pool.shutdown(cancel_futures=True)


def _wrong(site: str, number: int, answers: list[int]) -> None:
    headers = {"origin": site, "x-forwarded-for": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
    with contextlib.suppress(httpx.HTTPError), httpx.Client(base_url=site, headers=headers, timeout=60) as client:
        fields = {"email": f"u{number % 80}@example.org", "password": "a wrong one, long enough", "code": "000000"}
        answers.append(client.post("/sign-in", data=fields | {"csrf": token_of(client)}).status_code)


def sign_ins(site: str, clock: ManualClock, everybody: list[persons.Person]) -> float:
    """Let everybody sign in, two at a time, each with a code of their own; return how many a second."""

    def one(person: persons.Person, code: str) -> int:
        headers = {"origin": site, "x-forwarded-for": f"192.0.2.{everybody.index(person) + 1}"}
        with httpx.Client(
            base_url=site, headers=headers, timeout=60, cookies={"careful-known": person.known}
        ) as client:
            fields = {"email": person.email, "password": persons.PASSWORD, "code": code, "csrf": token_of(client)}
            return client.post("/sign-in", data=fields).status_code

    codes = [
        person.code() if place == 0 else persons.totp.code_at(person.secret, clock.now())
        for place, person in enumerate(everybody)
    ]
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, everybody, codes))
    assert done.count(303) == len(everybody), done
    return len(done) / (time.perf_counter() - began)


def pages(site: str, everybody: list[persons.Person]) -> list[float]:
    """Let every session open a page every second or so; return how long each took, milliseconds."""
    taken: list[float] = []
    until = time.monotonic() + SECONDS

    def read(place: int, person: persons.Person) -> None:
        time.sleep(place / SESSIONS)
        with httpx.Client(base_url=site, cookies={"careful": person.cookie}, timeout=60) as client:
            number = place
            while time.monotonic() < until:
                began = time.perf_counter()
                answer = client.get(DOOR_PAGES[number % len(DOOR_PAGES)])
                taken.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, answer.status_code
                number += 1
                time.sleep(max(0.0, 1 - (time.perf_counter() - began)))

    threads = [threading.Thread(target=read, args=one) for one in enumerate(everybody)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def main() -> None:
    """Measure five times: sign-ins and pages, quiet and while passwords are guessed."""
    method(
        f"""The console as `careful up` serves it (one process, SQLite), its clients in the same process and on the
        same machine. {SESSIONS} people sign in with password (argon2id, 64 MiB, 3 passes, two at a time) and code, 4 at
        once; then each of the {SESSIONS} sessions opens a page a second for {SECONDS:.0f} s (Today, products, devices,
        settings; an empty installation). Meanwhile {WRONG_A_MINUTE} wrong passwords a minute arrive, each from another
        address, on 80 addresses of which {SESSIONS} exist. {RUNS} runs, each on a new installation."""
    )
    rates, quiet, under, medians, met = [], [], [], [], []
    for _ in range(RUNS):
        with console() as (world, clock, site):
            everybody = [persons.enrol(world, clock, people.first_link(world), "u0@example.org", "U0")]
            for number in range(1, SESSIONS):
                link = people.invite(world, OPERATOR, ("auditor",))
                everybody.append(persons.enrol(world, clock, link, f"u{number}@example.org", f"U{number}"))
            rates.append(sign_ins(site, clock, everybody))
            quiet.append(_p99(pages(site, everybody)))
            stop, answers = threading.Event(), list[int]()
            guesser = threading.Thread(target=guess, args=(site, stop, answers))
            guesser.start()
            began = time.monotonic()
            taken = pages(site, everybody)
            met.append(len(answers) / (time.monotonic() - began) * 60)
            stop.set()
            guesser.join()
            under.append(_p99(taken))
            medians.append(statistics.median(taken))
    row("sign-ins a second", rates, "/s")
    row("p99 of a page, quiet", quiet, "ms")
    row("wrong passwords answered a minute", met, "/min")
    row("median of a page while passwords are guessed", medians, "ms")
    row("p99 of a page while passwords are guessed", under, "ms")


def _p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


if __name__ == "__main__":
    main()
