"""What a collector of CSAF does: begin at the provider metadata or at security.txt, and come by every file."""

import hashlib
import re

import pytest
from village import Village

SITE = "http://127.0.0.1:8081"
FILE = "careful-2026-0001.json"


def test_all_files_are_come_by_from_the_metadata_on(visitor, told: Village):
    metadata = visitor.get("/.well-known/csaf/provider-metadata.json")
    assert metadata.headers["content-type"] == "application/json"
    (rolie, folders) = metadata.json()["distributions"]
    root = folders["directory_url"].removeprefix(SITE)
    names = visitor.open(f"{root}index.txt").splitlines()
    assert names == [f"2026/{FILE}"]
    (feed,) = rolie["rolie"]["feeds"]
    (entry,) = visitor.get(feed["url"].removeprefix(SITE)).json()["feed"]["entry"]
    by_rel = {(one["rel"], one["href"].rpartition(".")[2]): one["href"].removeprefix(SITE) for one in entry["link"]}
    document = visitor.get(by_rel["self", "json"])
    assert (document.status_code, document.headers["content-type"]) == (200, "application/json")
    assert document.content == visitor.get(root + names[0]).content
    (mine,) = [one for one in document.json()["document"]["references"] if one["category"] == "self"]
    assert mine["url"] == entry["content"]["src"]
    tracking = document.json()["document"]["tracking"]
    assert visitor.open(f"{root}changes.csv") == f'"{names[0]}","{tracking["current_release_date"]}"\n'
    assert names[0].partition("/")[0] == tracking["initial_release_date"][:4]
    assert (entry["id"], entry["published"]) == (tracking["id"], tracking["initial_release_date"])
    for algorithm in ("sha256", "sha512"):
        told_hash = visitor.open(by_rel["hash", algorithm])
        assert told_hash == f"{hashlib.new(algorithm, document.content).hexdigest()}  {FILE}\n"
    assert visitor.open(by_rel["signature", "asc"]).startswith("-----BEGIN PGP SIGNATURE-----")
    assert visitor.open(f"{root}openpgp-{fingerprint(visitor)}.asc").startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")


def fingerprint(visitor) -> str:
    (key,) = visitor.get("/.well-known/csaf/provider-metadata.json").json()["public_openpgp_keys"]
    assert key["url"] == f"{SITE}/csaf/openpgp-{key['fingerprint']}.asc"
    return key["fingerprint"]


def test_folders_can_be_walked(visitor, told: Village):
    found, waiting = set(), ["/csaf/"]
    while waiting:
        page = waiting.pop()
        for link in re.findall(r'href="([^"]+)"', visitor.open(page)):
            (waiting.append if link.endswith("/") else found.add)(page + link)
    assert found == {
        "/csaf/index.txt",
        "/csaf/changes.csv",
        "/csaf/feed-tlp-white.json",
        *(f"/csaf/2026/{FILE}{ending}" for ending in ("", ".sha256", ".sha512", ".asc")),
        f"/csaf/openpgp-{fingerprint(visitor)}.asc",
    }
    for file in found:
        assert visitor.open(file)


@pytest.mark.parametrize(
    "path",
    [
        "2025/careful-2026-0001.json",
        "2026/CAREFUL-2026-0001.json",
        "2026/careful-2026-0001.json.md5",
        "2026/careful-2026-0001.asc",
        "openpgp-00.asc",
        "careful-2026-0001.json",
        "2026",
        "..%2f",
        "index.txt/",
        "%00",
    ],
)
def test_there_is_nothing_else(visitor, told: Village, path: str):
    assert visitor.get(f"/csaf/{path}").status_code == 404


def test_before_anything_is_published(visitor):
    for path in ("/csaf/index.txt", "/csaf/changes.csv"):
        assert visitor.get(path).content == b""
    assert visitor.get("/csaf/feed-tlp-white.json").json()["feed"]["entry"] == []
    assert re.findall(r'href="([^"]+)"', visitor.open("/csaf/")) == ["index.txt", "changes.csv", "feed-tlp-white.json"]
