"""Documents of SPDX 2: what is used of them is typed, what else they hold is passed over."""

import msgspec
import pytest

from careful.releases.spdx2_elements import Document, File, Package


def read(**document):
    return msgspec.json.decode(msgspec.json.encode({"spdxVersion": "SPDX-2.3"} | document), type=Document)


def test_what_is_not_used_is_passed_over():
    found = read(packages=[{"name": "a", "SPDXID": "SPDXRef-a", "downloadLocation": "NONE"}], more=[1])
    assert found.packages == [Package(name="a", id="SPDXRef-a")]


def test_a_relationship_may_say_more():
    tie = {"spdxElementId": "a", "relationshipType": "GENERATED_FROM", "relatedSpdxElement": "b"}
    told, bare = read(relationships=[tie | {"comment": "/usr/src/kernel/init/main.c"}, tie]).relationships
    assert (told.comment, bare.comment) == ("/usr/src/kernel/init/main.c", None)


def test_files():
    one = {"SPDXID": "SPDXRef-1", "fileName": "init/main.c", "fileTypes": ["SOURCE"], "checksums": []}
    assert read(files=[one, {}]).files == [File("init/main.c", ["SOURCE"]), File()]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"packages": [{"name": "a"}]}, id="a package without id"),
        pytest.param({"relationships": [{"spdxElementId": "a"}]}, id="half a relationship"),
        pytest.param({"files": [{"fileTypes": "SOURCE"}]}, id="types that are no list"),
    ],
)
def test_wrong_types(broken):
    with pytest.raises(msgspec.ValidationError):
        read(**broken)
