"""Uploads on disk: in a folder of ours, under their own plain name, for as long as they are read."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fastapi import Request, UploadFile

from careful.kernel.errors import Invalid, TooLarge, Unavailable
from careful.kernel.work import World

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}")


BODY_BYTES = 1 << 20


async def whole_body(request: Request) -> bytes:
    """Return a body that is one small file. Raises TooLarge above 1 MiB."""
    found = bytearray()
    async for block in request.stream():
        found += block
        if len(found) > BODY_BYTES:
            raise TooLarge(f"This has more than {BODY_BYTES} bytes.")
    return bytes(found)


@contextmanager
def on_disk(world: World, upload: UploadFile, most: int) -> Iterator[Path]:
    """Put an upload into a file for the time of the `with`.

    Raises Invalid (its name), TooLarge (over `most` bytes), Unavailable (the disk is full).
    """
    name = upload.filename or ""
    if not _NAME.fullmatch(name):
        raise Invalid(
            "That file name is not one we take.",
            do="Use up to 128 letters, digits and . + - _ in it.",
            where="filename",
        )
    if (upload.size or 0) > most:
        raise TooLarge(f"{name} has more than {most} bytes.", do="See CAREFUL_ARTIFACT_BYTES.")
    with ExitStack() as kept:
        try:
            path = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="upload-", dir=world.home))) / name
            with path.open("wb") as file:
                shutil.copyfileobj(upload.file, file, 1 << 20)
        except OSError as full:
            raise not_stored(full) from full
        yield path


def not_stored(full: OSError) -> Unavailable:
    """Return what is said when the disk takes no more."""
    return Unavailable(
        f"What was sent cannot be stored ({full.strerror or full}); nothing was changed.",
        do="Free some space, then try again.",
    )
