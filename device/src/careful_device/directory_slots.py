"""The directory driver: two folders, and a link that names the one in use.

    slots/a, slots/b        unpacked images
    slots/current -> a      the one in use; changed by one rename
    slots/b.unpacking       an image being unpacked; becomes `b` by one rename, and is thrown away after a crash
    slots/trial.json        {"slot": "b", "before": "a"}: from just before the change-over until confirmed or undone

`current` always leads to a whole image: it is only ever replaced by a link to a folder that was renamed into place
after all of it had been written out.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from careful_device import files
from careful_device.errors import SlotError
from careful_device.model import Target
from careful_device.unpack import unpack

_OTHER = {"a": "b", "b": "a"}
_RELEASE_LIMIT = 4096

Unpacker = Callable[[Path, Path], None]


class DirectorySlots:
    """Slots in the folder `root`. `unpacker` puts an image's files into a new folder."""

    def __init__(self, root: Path, most_bytes: int, unpacker: Unpacker | None = None) -> None:
        self._root = root
        self._unpack = unpacker or (lambda image, folder: _unpack_to_disk(image, folder, most_bytes))
        root.mkdir(parents=True, exist_ok=True)

    @property
    def current(self) -> Path:
        """The link to the slot in use."""
        return self._root / "current"

    def running(self) -> tuple[str, str]:
        """Return VERSION_ID of the slot in use (os-release(5)) and its name."""
        slot = self._slot()
        return (_version(self._root / slot), slot) if slot else ("", "")

    def install(self, image: Path, target: Target) -> None:
        """Unpack `image` into the spare slot and check that it says the version that was signed."""
        self.rollback(target)  # a trial that no job knows of was never proved
        slot = _OTHER.get(self._slot(), "a")
        unpacking = self._root / f"{slot}.unpacking"
        self._clear(unpacking)
        self._unpack(image, unpacking)
        says = _version(unpacking)
        if says != target.version:
            self._clear(unpacking)
            raise SlotError(f"the image says version {says or 'nothing'}, but {target.version} was signed")
        self._clear(self._root / slot)
        unpacking.rename(self._root / slot)
        files.flush_folder(self._root)

    def activate(self, target: Target) -> None:
        """Lead `current` to the spare slot."""
        slot = self._slot()
        trial = self._trial()
        if not trial:
            spare = _OTHER.get(slot, "a")
            if _version(self._root / spare) != target.version:
                raise SlotError(f"slot {spare} does not hold version {target.version}")
            trial = {"slot": spare, "before": slot}
            files.write_json(self._root / "trial.json", trial)
        self._lead_to(trial["slot"])

    def confirm(self, target: Target) -> None:
        """Forget the way back."""
        version, slot = self.running()
        if version != target.version:
            raise SlotError(f"slot {slot} runs {version or 'nothing'}, not {target.version}")
        files.remove(self._root / "trial.json")
        files.flush_folder(self._root)

    def rollback(self, target: Target) -> None:  # noqa: ARG002 (other drivers need to know what is taken back)
        """Lead `current` back to the slot that was in use before the trial."""
        trial = self._trial()
        if trial:
            self._lead_to(trial["before"])
            files.remove(self._root / "trial.json")
            files.flush_folder(self._root)

    def _slot(self) -> str:
        try:
            slot = str(self.current.readlink())
        except OSError:
            return ""
        return slot if slot in _OTHER and (self._root / slot).is_dir() else ""

    def _trial(self) -> dict[str, str]:
        trial = files.read_json(self._root / "trial.json")
        return trial if trial.get("slot") in _OTHER and trial.get("before") in ("", *_OTHER) else {}

    def _lead_to(self, slot: str) -> None:
        """Change `current` in one step. A device that had no software before its first trial has none after it."""
        if not slot:
            files.remove(self.current)
        else:
            beside = self._root / "current.new"
            files.remove(beside)
            beside.symlink_to(slot)
            beside.rename(self.current)
        files.flush_folder(self._root)

    def _clear(self, folder: Path) -> None:
        if folder.exists():
            shutil.rmtree(folder)


def _unpack_to_disk(image: Path, folder: Path, most_bytes: int) -> None:
    unpack(image, folder, most_bytes=most_bytes)
    os.sync()  # the rename that follows must not reach the disk before what it names


def _version(folder: Path) -> str:
    """Return VERSION_ID of the image in `folder`; empty when it does not say."""
    try:
        with (folder / "etc" / "os-release").open("rb") as stream:
            lines = stream.read(_RELEASE_LIMIT).decode(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "VERSION_ID":
            return value.strip().strip("\"'")[:64]
    return ""
