"""Filling the bucket from which devices fetch, where the maker has one: what may be fetched, and nothing else."""

from careful import releases
from careful.kernel.work import World
from careful.updates import delta_store


class BucketFiller:
    """The worker's hand for the bucket: sends one file at a time, so that the other chores have their turn."""

    def __init__(self) -> None:
        self._bucket: releases.Bucket | None = None

    def advance(self, world: World) -> int:
        """Send the first file that is lacking; return how many were sent. Raises Unavailable."""
        if not world.settings.artifact_bucket:
            return 0
        if self._bucket is None:
            self._bucket = releases.Bucket(world.settings)
        for sha256 in _fetchable(world):
            if not self._bucket.holds(sha256):
                self._bucket.put(sha256, releases.sound_path(world, sha256))
                return 1
        return 0


def _fetchable(world: World) -> list[str]:
    """Return the digests of signed images and of deltas that devices can see, newest first."""
    signed = [one for one in releases.list_for(world) if one.state == "signed"]
    signed.sort(key=lambda one: one.added_at, reverse=True)
    live = {one.id for one in signed}
    with world.look() as connection:
        ready = delta_store.read(connection, state="ready")
    deltas = [one.sha256 for one in reversed(ready) if one.published_at is not None and one.release in live]
    files = [file.sha256 for one in signed for file in (one.artifact, *(part.artifact for part in one.parts))]
    return list(dict.fromkeys([*files, *deltas]))
