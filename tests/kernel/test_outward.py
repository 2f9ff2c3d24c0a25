"""Asking another host: only what is outside, only by HTTPS, only so much."""

from pathlib import Path

import pytest
from issuer_server import Issuer

from careful.kernel import outward
from careful.kernel.errors import Unavailable


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 (nothing is bound)
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::", False),
    ],
)
def test_what_is_outside(address: str, outside: bool) -> None:
    assert outward.is_outside(address) is outside


def test_a_small_answer_over_https_and_nothing_else(tmp_path: Path) -> None:
    with Issuer(tmp_path) as issuer:
        ours = {"most_bytes": 4096, "inside": ("localhost",), "ca": str(issuer.ca)}
        assert outward.fetch_json(f"{issuer.url}/keys", **ours)["keys"]  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match="inside our own network"):
            outward.fetch_json(f"{issuer.url}/keys", most_bytes=4096, ca=str(issuer.ca))
        with pytest.raises(Unavailable, match="certificate"):
            outward.fetch_json(f"{issuer.url}/keys", most_bytes=4096, inside=("localhost",))
        cases = {
            "/big": (200, b'"' + b"x" * 5000 + b'"', "more than"),
            "/moved": (302, f"{issuer.url}/keys".encode(), "answered 302"),
            "/torn": (200, b"{", "delimiter|Expecting"),
            "/deep": (200, b"[" * 4000, "localhost could not be asked"),
        }
        for path, (status, body, says) in cases.items():
            issuer.answers[path] = (status, body)
            with pytest.raises(Unavailable, match=says):
                outward.fetch_json(f"{issuer.url}{path}", **ours)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        outward.fetch_json(f"{issuer.url}/keys", **ours)  # type: ignore[arg-type]
