"""Fetching what is new: each feed by itself, nothing new, mirrors, pages of NVD and going on after a stop."""

import fcntl
import io
import json
import zipfile
from datetime import timedelta

import httpx
import pytest
from feed_server import FeedServer
from flaws_sample import kev, osv

from careful import vulnerabilities
from careful.kernel import ledger
from careful.kernel.errors import Refused
from careful.vulnerabilities import cve_list
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.sync import KEV, NVD, OSV, ecosystems_in_use

PYPI = OSV.format(ecosystem="PyPI")


def zipped(*records):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for one in records:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    return file.getvalue()


def page(start, total, *numbers):
    listed = [{"cve": {"id": f"CVE-2026-{number}", "configurations": []}} for number in numbers]
    return {
        "format": "NVD_CVE",
        "resultsPerPage": len(listed),
        "startIndex": start,
        "totalResults": total,
        "vulnerabilities": listed,
    }


class Web:
    """Answers requests from a table of addresses, and remembers them."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        address = str(request.url).partition("?")[0]
        given = self.answers.get(address)
        if given is None:
            return httpx.Response(404)
        if request.headers.get("If-None-Match") == '"same"':
            return httpx.Response(304)
        content = given(request) if callable(given) else given
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return httpx.Response(200, content=body, headers={"ETag": '"same"'})


@pytest.fixture
def sync(world, staff):
    def run(web, **more):
        client = httpx.Client(transport=httpx.MockTransport(web))
        return vulnerabilities.sync(world, staff, client=client, pause=lambda _: None, **more)

    return run


def test_osv_and_kev_are_fetched_and_then_only_asked_for(world, sync, clock):
    web = Web(**{PYPI: zipped(osv("A"), osv("B")), KEV: kev("CVE-2023-4863")})
    first = sync(web, ecosystems=["PyPI"], kinds=["osv", "kev"])
    assert [(one.name, one.ok, one.report.taken) for one in first] == [("osv", True, 2), ("kev", True, 1)]
    clock.advance(timedelta(days=400))
    assert not vulnerabilities.feeds_fresh(world)
    again = sync(web, ecosystems=["PyPI"], kinds=["osv", "kev"])
    assert [(one.report.taken, one.report.unchanged) for one in again] == [(0, 2), (0, 1)]
    assert [one.records for one in vulnerabilities.feed_ages(world)] == [1, 2]
    assert vulnerabilities.generation(world) == 2
    assert len(web.asked) == 4


def test_one_that_fails_does_not_stop_the_others(world, sync):
    done = sync(Web(**{KEV: kev("CVE-2023-4863")}), ecosystems=["PyPI"], kinds=["osv", "kev"])
    assert [(one.name, one.ok) for one in done] == [("osv PyPI", False), ("kev", True)]
    assert "404" in done[0].says
    with world.look() as connection:
        (failed,) = ledger.read(connection, names=["vulnerabilities.feed_failed"])
    assert failed.data["feed"] == "osv"


def test_nor_does_one_that_fails_as_nobody_foresaw(sync):
    web = Web(**{KEV: kev("CVE-2023-4863")})

    def answer(request):
        if "epss" in str(request.url):
            raise ZeroDivisionError("no day")
        return web(request)

    done = sync(answer, kinds=["epss", "kev"])
    assert [(one.name, one.ok) for one in done] == [("kev", True), ("epss", False)]
    assert done[1].says == "It failed unexpectedly: ZeroDivisionError: no day"


def test_what_was_fetched_but_not_read_is_fetched_again(sync):
    web = Web(**{KEV: b"<html>"})
    assert not sync(web, kinds=["kev"])[0].ok
    web.answers[KEV] = kev("CVE-2023-4863")
    assert sync(web, kinds=["kev"])[0].report.taken == 1


def test_ecosystems_are_those_of_the_releases(maker, world):
    assert ecosystems_in_use(world) == ["PyPI"]
    maker.ship("1.0.0", "pillow==10.0.0")
    assert ecosystems_in_use(world) == ["PyPI"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "."])
def test_an_ecosystem_is_a_name_and_no_path(sync, name):
    web = Web()
    (done,) = sync(web, ecosystems=[name], kinds=["osv"])
    assert (done.ok, web.asked) == (False, [])


def test_osv_stays_old_while_one_of_its_ecosystems_is_missing(world, sync):
    web = Web(**{PYPI: zipped(osv("A"))})
    (done,) = sync(web, ecosystems=["PyPI", "npm"], kinds=["osv"])
    assert (done.name, done.ok) == ("osv npm", False)
    assert vulnerabilities.feed_ages(world) == []
    assert vulnerabilities.generation(world) == 1
    web.answers[OSV.format(ecosystem="npm")] = zipped(osv("B"))
    (again,) = sync(web, ecosystems=["PyPI", "npm"], kinds=["osv"])
    assert (again.ok, again.report.taken) == (True, 1)


def test_nvd_is_taken_whole_once_and_then_by_what_changed(world, sync, clock):
    def answer(request):
        asked = dict(request.url.params)
        if "lastModStartDate" in asked:
            return page(0, 1, 9)
        start = int(asked["startIndex"])
        return page(start, 3, *([1, 2] if start == 0 else [3]))

    web = Web(**{NVD: answer})
    (first,) = sync(web, kinds=["nvd"])
    assert (first.report.taken, first.report.covers, first.report.as_of) == (3, ("NVD",), clock.now())
    clock.advance(timedelta(days=200))
    (again,) = sync(web, kinds=["nvd"])
    assert (again.report.taken, again.report.unchanged) == (1, 1)
    windows = [dict(request.url.params) for request in web.asked[2:]]
    assert [one["lastModStartDate"] for one in windows] == ["2026-11-02T07:00:00.000Z", "2027-03-01T07:00:00.000Z"]
    assert windows[0]["lastModEndDate"] == windows[1]["lastModStartDate"]


def test_a_stopped_first_fetch_of_nvd_goes_on_where_it_was(sync):
    working = [True]

    def answer(request):
        start = int(request.url.params["startIndex"])
        if start and not working[0]:
            return b"<html>busy</html>"
        return page(start, 4, start + 1, start + 2)

    web = Web(**{NVD: answer})
    working[0] = False
    assert not sync(web, kinds=["nvd"])[0].ok
    working[0] = True
    (done,) = sync(web, kinds=["nvd"])
    assert done.ok
    assert [request.url.params["startIndex"] for request in web.asked] == ["0", "2", "2"]


def test_no_change_at_nvd_is_no_failure(sync, clock):
    web = Web(**{NVD: lambda request: page(0, 1, 1) if "lastModStartDate" not in request.url.params else page(0, 0)})
    sync(web, kinds=["nvd"])
    clock.advance(timedelta(hours=1))
    (done,) = sync(web, kinds=["nvd"])
    assert (done.ok, done.report.taken) == (True, 0)


def test_a_folder_of_copies(sync, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "osv" / "PyPI").mkdir(parents=True)
    (mirror / "osv" / "PyPI" / "all.zip").write_bytes(zipped(osv("A")))
    (mirror / "known_exploited_vulnerabilities.json").write_text(json.dumps(kev("CVE-2023-4863")))
    web = Web()
    done = sync(web, ecosystems=["PyPI"], mirror=str(mirror))
    assert [(one.name, one.ok) for one in done] == [
        ("osv", True),
        ("kev", True),
        ("epss", False),
        ("cve5", False),
        ("nvd", False),
    ]
    assert web.asked == []


def test_an_address_of_copies_is_as_young_as_its_content(world, sync, clock):
    """A mirror's own clock says nothing of its copies, nor does "nothing new" there."""
    mirror = "https://mirror.example/"
    web = Web(
        **{
            f"{mirror}known_exploited_vulnerabilities.json": kev("CVE-2023-4863"),
            f"{mirror}osv/PyPI/all.zip": zipped(osv("A")),
        }
    )
    for _ in range(2):
        done = sync(web, ecosystems=["PyPI"], kinds=["osv", "kev"], mirror=mirror)
        assert [f"{one.report.as_of:%m-%d}" for one in done] == ["10-01", "11-02"]
        clock.advance(timedelta(days=1))
    assert [one.covers for one in vulnerabilities.feed_ages(world)] == [(), ("PyPI",)]


def test_what_is_fetched_from_its_own_address_covers_its_ecosystem(world, sync, maker, clock):
    web = Web(**{PYPI: zipped(osv("A")), OSV.format(ecosystem="npm"): zipped(osv("B"))})
    (done,) = sync(web, ecosystems=["PyPI", "npm"], kinds=["osv"])
    assert done.report.covers == ("PyPI",)
    assert done.report.remarks == ("not taken as all of npm: no record in it is of that",)
    assert abs(done.report.as_of - clock.now()) < timedelta(hours=1)


def test_an_ecosystem_that_no_release_uses_any_more_is_no_part_of_the_feed(world, sync):
    npm = osv("B", affected=[{"package": {"ecosystem": "npm", "name": "x"}}])
    web = Web(**{PYPI: zipped(osv("A")), OSV.format(ecosystem="npm"): zipped(npm)})
    assert sync(web, ecosystems=["PyPI", "npm"], kinds=["osv"])[0].report.covers == ("PyPI", "npm")
    assert sync(web, ecosystems=["PyPI"], kinds=["osv"])[0].report.covers == ("PyPI", "npm")
    assert sync(web, kinds=["osv"])[0].report.covers == ("PyPI",)


def test_what_was_taken_before_it_counted_as_whole_is_fetched_again(world, sync, maker):
    web = Web(**{PYPI: zipped(osv("A"))})
    sync(web, ecosystems=["PyPI"], kinds=["osv"])
    with database.opened(world.home, write=True) as connection:
        connection.execute("DELETE FROM whole")
    (done,) = sync(web, ecosystems=["PyPI"], kinds=["osv"])
    assert "If-None-Match" not in web.asked[-1].headers
    assert done.report.covers == ("PyPI",)


def test_pages_of_nvd_that_stop_early_are_no_whole(world, sync):
    web = Web(**{NVD: lambda request: page(0, 3, 1) if request.url.params["startIndex"] == "0" else page(1, 3)})
    (done,) = sync(web, kinds=["nvd"])
    assert (done.ok, "NVD gave 1 of 3 records and then no more." in done.says) == (False, True)
    assert vulnerabilities.feed_ages(world) == []


def cve(number):
    said = {"affected": [{"vendor": "acme", "product": "router", "versions": [{"version": "1.0"}]}]}
    about = {"cveId": f"CVE-2026-{number}", "state": "PUBLISHED", "dateUpdated": "2026-10-01T00:00:00Z"}
    return {"dataType": "CVE_RECORD", "cveMetadata": about, "containers": {"cna": said}}


def packed(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return file.getvalue()


def test_the_cve_list_whole_and_then_day_by_day(world, staff, monkeypatch):
    """As the CVE Program publishes it: a zip of a zip at midnight, changes each hour, listed as GitHub's releases."""
    with FeedServer() as server:
        monkeypatch.setattr(cve_list, "LATEST", f"{server.url}/releases?page={{page}}")

        def publish(day, hour, *numbers):
            whole = f"2026-11-{day:02}_all_CVEs_at_midnight.zip.zip"
            changes = f"2026-11-{day:02}_delta_CVEs_at_{hour}.zip"
            if f"/{whole}" not in server.files:
                server.files[f"/{whole}"] = packed(**{"cves.zip": packed(**{"cves/1.json": cve(1)})})
            server.files[f"/{changes}"] = packed(**{f"deltaCves/{one}.json": cve(one) for one in numbers})
            assets = [{"name": name, "browser_download_url": f"{server.url}/{name}"} for name in (whole, changes)]
            before = json.loads(server.files.get("/releases", b"[]"))
            server.files["/releases"] = json.dumps([{"assets": assets}, *before]).encode()

        def fetched():
            server.asked.clear()
            [done] = vulnerabilities.sync(world, staff, kinds=["cve5"])
            assert done.ok, done.says
            return count(world), [path for path, _ in server.asked if path != "/releases"]

        publish(3, "0800Z", 2)
        assert fetched() == (2, ["/2026-11-03_all_CVEs_at_midnight.zip.zip", "/2026-11-03_delta_CVEs_at_0800Z.zip"])
        publish(3, "0900Z", 2, 3)
        assert fetched() == (3, ["/2026-11-03_delta_CVEs_at_0900Z.zip"])
        publish(3, "end_of_day", 2, 3, 4)
        publish(4, "0100Z", 5)
        assert fetched() == (5, ["/2026-11-03_delta_CVEs_at_end_of_day.zip", "/2026-11-04_delta_CVEs_at_0100Z.zip"])
    assert list((world.home / "fetching").iterdir()) == [world.home / "fetching" / ".lock"]


def count(world):
    with database.opened(world.home) as connection:
        return database.count(connection, "cve5")


def test_two_rounds_at_once_are_one(world, staff):
    (world.home / "fetching").mkdir()
    with (world.home / "fetching" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="being fetched already"):
            vulnerabilities.sync(world, staff, kinds=["kev"])
