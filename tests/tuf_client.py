"""The repository as a TUF client sees it: python-tuf's own, on plain files."""

from dataclasses import dataclass
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import TargetFile
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface


class Files(FetcherInterface):
    """Fetches from a folder."""

    def _fetch(self, url):
        path = Path(url.removeprefix("file://"))
        if not path.exists():
            raise DownloadHTTPError("not there", 404)
        return iter([path.read_bytes()])


@dataclass
class Client:
    """A device's view of a product's repository: its own folder, its own memory, and the root it was born with."""

    repository: Path
    home: Path
    root: bytes

    def look(self, target: str) -> TargetFile | None:
        """Return what is signed about a target, fetching no bytes of it."""
        home = self.home / "metadata"
        home.mkdir(parents=True, exist_ok=True)
        updater = Updater(str(home), f"file://{self.repository}/metadata/", fetcher=Files(), bootstrap=self.root)
        return updater.get_targetinfo(target)

    def fetch(self, target: str | None = None) -> tuple[dict, bytes] | None:
        home = self.home / "metadata"
        home.mkdir(parents=True, exist_ok=True)
        base = f"file://{self.repository}"
        updater = Updater(
            str(home), f"{base}/metadata/", str(self.home), f"{base}/targets/", fetcher=Files(), bootstrap=self.root
        )
        updater.refresh()
        if target is None:
            return None
        info = updater.get_targetinfo(target)
        if info is None:
            return None
        return info.custom, Path(updater.download_target(info, str(self.home / "image"))).read_bytes()
