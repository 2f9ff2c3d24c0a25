"""What is genuine: TUF metadata over our own connections (TUF specification 1.0, section 5, by python-tuf's client).

The pinned root is handed to the client each time, so that a damaged or exchanged cache can make the device refuse, but
never believe.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from tuf.api import exceptions
from tuf.api.metadata import Metadata, TargetFile, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from careful_device import trust
from careful_device.errors import Refusal, WireError
from careful_device.https import Client
from careful_device.model import Target
from careful_device.timefloor import Floor

CONFIG = UpdaterConfig(max_root_rotations=256, targets_max_length=2_000_000, snapshot_max_length=500_000)


@dataclass(frozen=True)
class Found:
    """What is signed about each path (None: nothing), and the top-level `targets` that say who else is believed."""

    targets: Mapping[str, TargetFile | None]
    top: Targets


class _Fetcher(FetcherInterface):
    """python-tuf's seam to the network, on the device's own kept connections."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _fetch(self, url: str) -> Iterator[bytes]:
        # A generator: the fetcher's caller counts the bytes as they come, and stops at its limit.
        with self._client.open("GET", url) as (status, _headers, chunks):
            if status != HTTPStatus.OK:
                next(chunks, None)  # most answers end here, and the connection can be kept; an endless one is cut
                next(chunks, None)
                raise exceptions.DownloadHTTPError(f"{url}: {status}", status)
            yield from chunks


def find(client: Client, home: Path, url: str, root: bytes, path: str) -> Target:
    """Refresh the metadata at `url`/metadata and return what is signed about `path`, a release's image.

    Raises Refusal when the metadata is not to be believed or does not name `path`, WireError when it cannot be had.
    """
    return target_in(look_up(client, home, url, root, (path,)).targets, path)


def target_in(signed: Mapping[str, TargetFile | None], path: str) -> Target:
    """Return what was found signed about `path`, a release's image. Raises Refusal(`unsigned`)."""
    found = signed.get(path)
    if found is None:
        raise Refusal("unsigned", f"nobody whom this device trusts signed {path[:200]}")
    return trust.target_from(path, found.length, found.hashes, found.unrecognized_fields.get("custom"))


def look_up(client: Client, home: Path, url: str, root: bytes, paths: Sequence[str]) -> Found:
    """Refresh the metadata at `url`/metadata and return what is signed about each of `paths`.

    Raises Refusal when the metadata is not to be believed, WireError when it cannot be had.
    """
    fetcher, folder, floor = _Fetcher(client), home / "tuf", Floor(home)
    address = f"{url.rstrip('/')}/metadata/"
    try:
        found = look(fetcher, folder, address, root, paths, floor)
    except Refusal as refusal:
        if refusal.kind != "expired" or not floor.is_of_other_keys(folder):
            raise
        floor.forget()  # its keys were replaced, so what was signed by the old ones is no lock
        found = look(fetcher, folder, address, root, paths, floor)
    floor.learn(folder)
    return found


def look(
    fetcher: FetcherInterface, folder: Path, url: str, root: bytes, paths: Sequence[str], floor: Floor | None = None
) -> Found:
    """Do what `look_up` does, whichever way the bytes come: this is all that decides what is genuine."""
    folder.mkdir(exist_ok=True)
    try:
        updater = Updater(str(folder), url, fetcher=fetcher, config=CONFIG, bootstrap=root)
        _refresh(updater, floor)
        targets = {path: updater.get_targetinfo(path) for path in paths}
        # What was just verified, as the client keeps it; it has no other way of showing it.
        return Found(targets, Metadata[Targets].from_file(str(folder / "targets.json")).signed)
    except exceptions.RepositoryError as verdict:
        raise trust.refusal_of(verdict) from verdict
    except exceptions.DownloadLengthMismatchError as endless:
        raise Refusal("tampered", "the metadata is longer than it may be") from endless
    except exceptions.DownloadError as broken:
        raise WireError(f"The update metadata cannot be had: {broken.__cause__ or broken}.") from broken


def _refresh(updater: Updater, floor: Floor | None) -> None:
    """Refresh by our own time. python-tuf has no public way to say what time it is; a test watches this one."""
    trusted = updater._trusted_set  # noqa: SLF001 (see above)
    if floor is not None:
        trusted.reference_time = floor.now()
    try:
        updater.refresh()
    except exceptions.ExpiredMetadataError:
        if floor is not None and "timestamp" in trusted and trusted.timestamp.expires <= trusted.reference_time:
            floor.rise(trusted.timestamp.expires.timestamp())  # signed, and the clock was seen beyond it
        raise
