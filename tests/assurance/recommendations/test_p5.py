"""P5 by how people came in: named cases."""

import pytest


def person(role="administrator", how="passkey", hours=1, account="a"):
    return [
        (hours + 1, "people.account_created", {"account": account, "link": "l", "roles": [role]}),
        (hours, "people.signed_in", {"account": account, "session": "s", "how": how}),
    ]


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="nothing recorded"),
        pytest.param(person(), "unknown", "not connected", id="by passkey; elsewhere is not known"),
        pytest.param(person(how="password+totp"), "not met", "should use a passkey", id="a code can be phished"),
        pytest.param(person("auditor", "password+totp"), "unknown", "not connected", id="a role that does not weigh"),
        pytest.param(
            [*person(how="password+totp"), (0, "people.account_disabled", {"account": "a"})],
            "unknown", "not connected", id="who left counts no more",
        ),
        pytest.param(
            [
                *person("auditor", "password+totp", 2),
                (1, "people.roles_changed", {"account": "a", "roles": ["support"]}),
            ],
            "not met", "should use a passkey", id="raised since",
        ),
        pytest.param(
            [*person(how="password+totp", hours=24 * 31), *person(account="b")],
            "unknown", "not connected", id="long ago",
        ),
    ],
)  # fmt: skip
def test_p5(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
