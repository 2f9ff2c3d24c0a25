"""A policy as the file that would set it, for a form to change and send back: `policy.read` backwards. Pure."""

import json

from careful.releases.policy import Policy, Trusted


def as_toml(policy: Policy) -> str:
    """Return a policy as TOML, each key as its PEM, so that it can be put in force anywhere."""
    lines = ["[bundles]", f"signers = {_list([_pem(one) for one in policy.signers])}"]
    lines += [f"names = {_list([_text(one) for one in policy.names])}", "", "[provenance]"]
    lines += [f"required = {'true' if policy.provenance_required else 'false'}"]
    lines += [f"sources = {_list([_text(one) for one in policy.sources])}"]
    for one in policy.builders:
        lines += ["[[provenance.builders]]", f"id = {_text(one.id)}", f"key = {_pem(one.key)}"]
    lines += ["", "[deltas]", f"format = {_text(policy.delta_format)}"]
    return "\n".join(lines) + "\n"


def _list(entries: list[str]) -> str:
    return "[" + "".join(f"\n  {one}," for one in entries) + "\n]" if entries else "[]"


def _text(text: str) -> str:
    """Return a TOML basic string: JSON's escapes are among TOML's, but DEL must be escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _pem(one: Trusted) -> str:
    return f"'''\n{one.pem.strip()}\n'''" if "'''" not in one.pem and "\r" not in one.pem else _text(one.pem)
