"""The ports Careful listens on: which they are, whether they can be opened, and the way out where one cannot."""

import errno
import socket
import time
from collections.abc import Callable, Mapping

import click

from careful.kernel.errors import Refused
from careful.kernel.settings import Settings

_PATIENCE_SECONDS = 10.0
_LAST_PORT = 65535


def ports(settings: Settings) -> dict[str, int]:
    """Return what is served where, by the name of its setting."""
    names = ("console_port", "public_port", "device_port", "device_http_port", "mqtt_port")
    return {name: number for name in names if (number := getattr(settings, name))}


def check_ports(
    host: str, wanted: Mapping[str, int], way_out: Callable[[str], str], patience: float = _PATIENCE_SECONDS
) -> None:
    """Wait until each port in `wanted` can be opened, as one that was just stopped soon can be.

    Raises Refused, with `way_out(setting)` as the next command, for one that cannot.
    """
    until = time.monotonic() + patience
    for name, number in wanted.items():
        told = False
        while failure := _failure(host, number):
            if failure.errno != errno.EADDRINUSE:
                raise _no_address(host, number, failure)
            if time.monotonic() > until:
                raise Refused(f"Port {number} is taken by another program.", do=f"Choose another: {way_out(name)}")
            if not told:
                click.echo(f"Port {number} is taken; waiting {patience:.0f} s for it ...", err=True)
                told = True
            time.sleep(0.1)


def is_free(host: str, number: int) -> bool:
    """Tell whether no program holds this port."""
    failure = _failure(host, number)
    return failure is None or failure.errno != errno.EADDRINUSE


def free_row(host: str, after: int, length: int = 1) -> int:
    """Return the first port beyond `after` from which on `length` ports are free, 0 where there is none near."""
    for first in range(after + 1, min(after + 500, _LAST_PORT - length)):
        if all(is_free(host, first + offset) for offset in range(length)):
            return first
    return 0


def _failure(host: str, number: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as failure:
            return failure
    return None


def _no_address(host: str, number: int, failure: OSError) -> Refused:
    if failure.errno == errno.EACCES:
        return Refused(f"Port {number} may be opened by root alone.", do="Choose ports from 1024 on.")
    return Refused(
        f"CAREFUL_HOST is {host}, which is no address of this machine ({failure.strerror}).", do="See: ip address"
    )
