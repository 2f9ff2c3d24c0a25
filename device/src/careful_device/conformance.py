"""The command line that TUF's client conformance suite drives (theupdateframework/tuf-conformance, CLIENT-CLI.md).

    python -m careful_device.conformance --metadata-dir D init ROOT
    python -m careful_device.conformance --metadata-dir D --metadata-url U refresh
    python -m careful_device.conformance --metadata-dir D --metadata-url U \
        --target-name N --target-base-url B --target-dir T download

Exit code 0: done; 1: refused or failed. It verifies by the agent's own client with the agent's own limits, and begins
at the pinned root each time, as the agent does. Only the connection differs: the suite serves plain HTTP on loopback.
"""

import argparse
import http.client
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tuf.api import exceptions
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from careful_device.genuine import CONFIG

_PINNED = "pinned_root.json"
_CHUNK = 64 << 10
_TIMEOUT = 30.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class _Plain(FetcherInterface):
    """Fetches over plain HTTP, from this machine alone."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        address = urlsplit(url)
        if address.scheme != "http" or address.hostname not in _LOOPBACK:
            raise exceptions.DownloadError(f"{url[:200]} is no http address on this machine")
        connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=_TIMEOUT)
        try:
            connection.request("GET", address._replace(scheme="", netloc="").geturl())
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise exceptions.DownloadHTTPError(f"{url}: {answer.status}", answer.status)
            while chunk := answer.read(_CHUNK):
                yield chunk
        finally:
            connection.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    given = _parser().parse_args(arguments)
    folder = Path(given.metadata_dir)
    try:
        if given.do == "init":
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(given.root, folder / _PINNED)
            shutil.copyfile(given.root, folder / "root.json")
        else:
            _update(given, folder)
    except (exceptions.RepositoryError, exceptions.DownloadError, OSError, ValueError) as failure:
        sys.stderr.write(f"{type(failure).__name__}: {failure}\n")
        return 1
    return 0


def _update(given: argparse.Namespace, folder: Path) -> None:
    updater = Updater(
        str(folder),
        given.metadata_url,
        given.target_dir,
        given.target_base_url,
        fetcher=_Plain(),
        config=CONFIG,
        bootstrap=(folder / _PINNED).read_bytes(),
    )
    updater.refresh()
    if given.do == "download":
        found = updater.get_targetinfo(given.target_name)
        if found is None:
            raise exceptions.RepositoryError(f"nobody signed {given.target_name}")
        if updater.find_cached_target(found) is None:
            updater.download_target(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="careful-device-conformance", description="TUF's conformance protocol.")
    for name in ("metadata-dir", "metadata-url", "target-name", "target-base-url", "target-dir"):
        parser.add_argument(f"--{name}", required=name == "metadata-dir")
    commands = parser.add_subparsers(dest="do", required=True)
    commands.add_parser("init").add_argument("root")
    commands.add_parser("refresh")
    commands.add_parser("download")
    return parser


if __name__ == "__main__":
    sys.exit(main())
