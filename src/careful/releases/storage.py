"""A bucket (S3 or compatible) from which devices fetch by links that we sign for a few minutes.

The bucket is a copy: every file is named by its SHA-256, is sent there by the worker once it may be fetched, and is
checked before it leaves. Where a file is not there yet, or the bucket does not answer, devices get it from us.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from careful.kernel.errors import Invalid, Unavailable
from careful.kernel.settings import Settings

_KNOWN_SECONDS = 600.0
_ABSENT_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Bucket:
    """The bucket that the settings name."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        address = urlsplit(settings.artifact_bucket)
        if address.scheme != "s3" or not address.netloc:
            raise Invalid("The bucket must be s3://bucket or s3://bucket/prefix.", where="CAREFUL_ARTIFACT_BUCKET")
        self._settings = settings
        self._name = address.netloc
        self._prefix = address.path.strip("/")
        self._monotonic = monotonic
        self._known: dict[str, tuple[bool, float]] = {}
        self._store: Any = None
        self._lock = threading.Lock()

    def holds(self, sha256: str) -> bool:
        """Tell whether the file is there; asked of the bucket now and then. Raises Unavailable."""
        known = self._known.get(sha256)
        if known is not None and self._monotonic() < known[1]:
            return known[0]
        found = self._ask(sha256)
        self._remember(sha256, there=found)
        return found

    def link(self, sha256: str) -> str | None:
        """Return an address from which anyone can fetch the file for a while; None where it is not to be had there."""
        import obstore  # noqa: PLC0415 (loaded only by those who have a bucket)

        try:
            if not self.holds(sha256):
                return None
            life = timedelta(seconds=self._settings.link_seconds)
            return str(obstore.sign(self._opened(), "GET", self._path(sha256), life))
        except (Unavailable, OSError, ValueError, obstore.exceptions.BaseError) as failure:
            _log.warning("the bucket gives no link", why=str(failure)[:300])
            return None

    def put(self, sha256: str, path: Path) -> None:
        """Send a file there. Raises Unavailable."""
        import obstore  # noqa: PLC0415 (as above)

        try:
            obstore.put(self._opened(), self._path(sha256), path)
        except (OSError, obstore.exceptions.BaseError) as failure:
            raise Unavailable(
                f"The bucket does not take files: {str(failure)[:200]}.", do="Check CAREFUL_S3_*."
            ) from None
        self._remember(sha256, there=True)

    def _ask(self, sha256: str) -> bool:
        import obstore  # noqa: PLC0415 (as above)

        try:
            obstore.head(self._opened(), self._path(sha256))
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return False
        except (OSError, obstore.exceptions.BaseError) as failure:
            raise Unavailable(f"The bucket does not answer: {str(failure)[:200]}.", do="Check CAREFUL_S3_*.") from None
        return True

    def _remember(self, sha256: str, *, there: bool) -> None:
        if len(self._known) > 10_000:  # noqa: PLR2004 (far more files than are on their way at any time)
            self._known.clear()
        self._known[sha256] = (there, self._monotonic() + (_KNOWN_SECONDS if there else _ABSENT_SECONDS))

    def _path(self, sha256: str) -> str:
        return "/".join(part for part in (self._prefix, sha256[:2], sha256) if part)

    def _opened(self) -> Any:  # noqa: ANN401 (obstore's S3Store, loaded late)
        with self._lock:
            if self._store is None:
                from obstore.store import S3Store  # noqa: PLC0415 (as above)

                given = self._settings
                endpoint = {"endpoint": given.s3_endpoint} if given.s3_endpoint else {}
                self._store = S3Store(
                    self._name,
                    region=given.s3_region,
                    access_key_id=given.s3_key_id,
                    secret_access_key=given.s3_secret.get_secret_value(),
                    virtual_hosted_style_request=not given.s3_endpoint,
                    client_options={"allow_http": given.s3_endpoint.startswith("http://"), "timeout": "10s"},
                    retry_config={"max_retries": 1},
                    **endpoint,  # type: ignore[arg-type]  # a text, as it wants
                )
            return self._store
