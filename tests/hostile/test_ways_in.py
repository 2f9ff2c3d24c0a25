"""Against the ways in, over HTTP: fixed sessions, used codes, accounts guessed by what is said and how long it took."""

import re
import time

import httpx
import persons
import pytest
from hostile_house import House, later

from careful import people
from careful.entrypoints import blur

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sent(bare: House, client: httpx.Client, **fields: str) -> httpx.Response:
    """Fill in the sign-in form as it is shown, and send it."""
    shown = client.get("/sign-in").text
    token = re.search(r'name="csrf" value="([0-9a-f]*)"', shown)
    assert token
    headers = {"origin": bare.console, "sec-fetch-site": "same-origin"}
    given = {"email": bare.ann.email, "password": persons.PASSWORD, "csrf": token[1]} | fields
    return client.post("/sign-in", data=given, headers=headers)


def test_a_session_that_somebody_else_chose_is_never_signed_in(bare: House) -> None:
    before = len(people.sessions_of(bare.world, bare.ann.id))
    with bare.browser() as client:
        client.cookies.set("careful", "chosen-by-eve")
        assert sent(bare, client, code=bare.ann.code()).status_code == 303
        given = [one for one in client.cookies.jar if one.name == "careful"]
        assert "chosen-by-eve" not in {one.value for one in given if one.domain != ""} or len(given) > 1
        mine = next(one.value for one in given if one.value != "chosen-by-eve")
    with httpx.Client(base_url=bare.console, cookies={"careful": "chosen-by-eve"}) as eve:
        assert eve.get("/").headers["location"].startswith("/sign-in")
    assert mine
    assert people.find(bare.world, mine).account == bare.ann.id
    assert len(people.sessions_of(bare.world, bare.ann.id)) == before + 1


def test_a_session_gets_a_new_secret_at_every_proof_and_the_old_one_is_dead(bare: House) -> None:
    old = bare.ann.cookie
    headers = {"origin": bare.console, "sec-fetch-site": "same-origin"}
    later(bare, minutes=11)
    with bare.browser(bare.ann) as client:
        page = client.get("/prove").text
        token = re.search(r'name="csrf" value="([0-9a-f]*)"', page)
        assert token
        fields = {"csrf": token[1], "password": persons.PASSWORD, "code": bare.ann.code()}
        assert client.post("/prove", data=fields, headers=headers).status_code == 303
    with httpx.Client(base_url=bare.console, cookies={"careful": old}) as thief:
        assert thief.get("/").headers["location"].startswith("/sign-in")


def test_a_code_and_a_recovery_code_open_once(bare: House) -> None:
    code, spare = bare.ann.code(), bare.ann.codes[0]
    for given in (code, spare):
        for status in (303, 401):
            with bare.browser() as client:
                assert sent(bare, client, code=given).status_code == status, given


def test_an_account_is_not_found_by_what_is_said(bare: House) -> None:
    wrong = [
        {"email": "nobody@example.org", "code": "000000"},
        {"email": bare.ann.email, "password": "wrong but long enough", "code": "000000"},
        {"email": bare.ann.email, "code": "000000"},
    ]
    said = set()
    for fields in wrong:
        with bare.browser() as client:
            answer = sent(bare, client, **fields)
            text = re.sub(r'value="[^"]*"|nonce="[^"]*"|data-csrf="[^"]*"', "", answer.text)
            names = tuple(sorted(name for name in answer.headers if name not in {"date", "content-length"}))
            said.add((answer.status_code, text, names))
    assert len(said) == 1
    assert next(iter(said))[0] == 401


@pytest.mark.real_hashing
def test_an_account_is_not_found_by_how_long_it_takes(bare: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fastest of seven answers to a wrong password, for an account and for none, asked in turn, without the pause.

    They may differ by a third of the longer one. Were no password hashed for nobody, it would be nearly all of it. A
    busy machine only ever delays, so the fastest is what says most; where it is slow throughout, both sides are.
    """
    monkeypatch.setattr(blur, "LONGEST_MILLISECONDS", 0)
    taken: dict[str, list[float]] = {bare.ann.email: [], "nobody@example.org": []}
    for _ in range(7):
        for email, times in taken.items():
            later(bare, hours=2)  # beyond the limits of guessing
            with bare.browser() as client:
                client.get("/sign-in")
                began = time.perf_counter()
                answer = sent(bare, client, email=email, password="wrong but long enough", code="000000")
                times.append(time.perf_counter() - began)
            assert answer.status_code == 401
    known, unknown = (min(times) for times in taken.values())
    assert abs(known - unknown) < max(known, unknown) / 3, taken
