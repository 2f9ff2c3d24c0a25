"""Names of the addresses that the device talks with, as far as they can be known on Linux without privileges.

Three sources: `/etc/hosts`; the hosts in config.toml, asked for beside the agent's work; and, where `names_log` names
it, the log of a dnsmasq on the device (`log-queries`), which has the names that any program asked for. What is
remembered is bounded, and forgotten after a day.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ADDRESSES_MOST = 512
NAMES_MOST = 4
"""Names kept of one address."""
KEPT_SECONDS = 86_400.0
_READ_MOST = 256 * 1024
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_REPLY = re.compile(r"\b(?:reply|cached|config|/etc/hosts) (\S{1,253}) is ([0-9a-fA-F.:]{2,45})\s*$")
_ALIAS = re.compile(r"\b(?:reply|cached) (\S{1,253}) is <CNAME>\s*$")


class Names:
    """Remembers which name led to which address. `resolve` is asked for the hosts of the device's own servers."""

    def __init__(
        self,
        hosts: Iterable[str] = (),
        log: Path | None = None,
        *,
        resolve: Callable[[str], Iterable[str]] | None = None,
        hosts_file: Path = Path("/etc/hosts"),
    ) -> None:
        self._hosts = sorted({one for one in hosts if one and not _is_address(one)})
        self._log, self._hosts_file = log, hosts_file
        self._resolve = resolve or _resolved
        self._known: dict[str, dict[str, float]] = {}
        self._log_at: int | None = None
        self._answers: list[tuple[str, str]] = []
        self._asking: threading.Thread | None = None

    def refresh(self, now: float) -> None:
        """Ask every source again."""
        for address, name in self._from_file():
            self._note(address, name, now)
        if self._asking is None or not self._asking.is_alive():  # who is offline waits long for an answer: not here
            self._asking = threading.Thread(target=self._ask, name="names", daemon=True)
            self._asking.start()
        for address, host in list(self._answers):
            self._note(address, host, now)
        for address, name in self._from_log():
            self._note(address, name, now)
        for address, names in list(self._known.items()):
            alive = {name: at for name, at in names.items() if 0 <= now - at < KEPT_SECONDS}
            if alive:
                self._known[address] = alive
            else:
                del self._known[address]

    def _ask(self) -> None:
        self._answers = [(address, host) for host in self._hosts for address in self._resolve(host)] or self._answers

    def of(self, address: str) -> list[str]:
        """Return the names by which an address was found."""
        return sorted(self._known.get(address, ()))

    def _note(self, address: str, name: str, now: float) -> None:
        name = name.rstrip(".").lower()
        if not _NAME.fullmatch(name) or not _is_address(address):
            return
        address = str(ipaddress.ip_address(address))
        names = self._known.pop(address, {})
        names.pop(name, None)
        names[name] = now
        if len(names) > NAMES_MOST:
            del names[next(iter(names))]
        self._known[address] = names  # what was named last stands last
        if len(self._known) > ADDRESSES_MOST:
            del self._known[next(iter(self._known))]

    def _from_file(self) -> Iterator[tuple[str, str]]:
        try:
            with self._hosts_file.open("rb") as file:
                text = file.read(_READ_MOST).decode("utf-8", "replace")
        except OSError:
            return
        for line in text.splitlines():
            address, *names = line.partition("#")[0].split() or [""]
            for name in names:
                yield address, name

    def _from_log(self) -> Iterator[tuple[str, str]]:
        """Read what was added to the log; the name that was asked for, where the answer went over an alias."""
        asked = ""
        for line in self._added():
            alias = _ALIAS.search(line)
            if alias:
                asked = asked or alias[1]
                continue
            found = _REPLY.search(line)
            if found:
                yield found[2], found[1]
                if asked:
                    yield found[2], asked
            elif " query[" in line:
                asked = ""

    def _added(self) -> list[str]:
        if self._log is None:
            return []
        try:
            size = self._log.stat().st_size
            with self._log.open("rb") as file:
                before = self._log_at if self._log_at is not None and self._log_at <= size else 0
                file.seek(max(before, size - _READ_MOST))
                read = file.read(_READ_MOST)
        except OSError:
            return []
        whole = read.rpartition(b"\n")[0]
        self._log_at = max(before, size - _READ_MOST) + len(whole)
        return whole.decode("utf-8", "replace").splitlines()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _resolved(host: str) -> list[str]:
    """Ask the system for a host's addresses; none where nobody answers."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({str(one[4][0]) for one in found})
