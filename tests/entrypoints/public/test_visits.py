"""Cookies and forms of owners' visits; whole visits are in test_my.py."""

import pytest
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from careful.entrypoints.public.visits import Visits, text
from careful.kernel.errors import Invalid, Unauthenticated


def asked(**cookies):
    said = "; ".join(f"{name.replace('_', '-')}={value}" for name, value in cookies.items())
    return Request({"type": "http", "headers": [(b"cookie", said.encode())], "client": ("203.0.113.1", 1)})


def test_on_loopback_cookies_go_without_tls(world):
    visits = Visits(world)
    visit = visits.begin(visits.of(asked()))
    assert visit.csrf
    kept = visits.keep(Response(), visit).headers["set-cookie"]
    assert kept.startswith("careful-my-visit=")
    assert "HttpOnly" in kept
    assert "Secure" not in kept
    again = visits.begin(visits.of(asked(careful_my_visit=visit.holder)))
    assert (again.holder, again.csrf, again.source) == (visit.holder, visit.csrf, "203.0.113.1")
    stale = visits.of(asked(careful_my_owner="gone", careful_my_visit=visit.holder))
    assert stale.session is None
    with pytest.raises(Unauthenticated):
        stale.owner()


def test_what_a_field_takes():
    assert text(FormData([("a", " b ")]), "a") == "b"
    assert text(FormData(), "a") == ""
    for wrong in ("x" * 2001, UploadFile(None, filename="f")):
        with pytest.raises(Invalid):
            text(FormData([("a", wrong)]), "a")
