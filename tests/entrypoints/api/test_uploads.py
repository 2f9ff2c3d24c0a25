"""Uploads on disk, for as long as they are read."""

import io

import pytest
from fastapi import UploadFile

from careful.entrypoints.api.uploads import on_disk
from careful.kernel.errors import Invalid, TooLarge
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def upload(name: str | None, content: bytes = b"abc") -> UploadFile:
    return UploadFile(io.BytesIO(content), size=len(content), filename=name)


def test_it_is_there_under_its_name_and_gone_afterwards(world: World) -> None:
    with on_disk(world, upload("cam-1_1.0.0+a.img"), 3) as path:
        assert (path.name, path.read_bytes()) == ("cam-1_1.0.0+a.img", b"abc")
    assert not path.exists()


@pytest.mark.parametrize("name", [None, "", ".", "..", ".hidden", "a/b", "a\\b", "a\x00b", "é", "x" * 129])
def test_names_that_are_not_taken(world: World, name: str | None) -> None:
    with pytest.raises(Invalid), on_disk(world, upload(name), 3):
        pytest.fail("it was taken")


def test_more_than_agreed(world: World) -> None:
    with pytest.raises(TooLarge), on_disk(world, upload("a"), 2):
        pytest.fail("it was taken")
