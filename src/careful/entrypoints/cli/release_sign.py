"""`careful release sign | publish …`: what makes a release genuine, with keys here or on another machine.

Keys themselves (moving, replacing, renewing) are `release_keys.py`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from careful import releases, updates
from careful.entrypoints.cli.output import json_option, say_json
from careful.entrypoints.cli.release_doors import door_to
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.keys import Keys
from careful.kernel.token_keys import SCHEME, TokenKeys
from careful.kernel.work import World
from careful.releases import signing
from careful.workflows import second_person

FILE = click.Path(dir_okay=False, path_type=Path)


def _open(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> list[signing.KeyStore]:
    return [TokenKeys(one) if one.startswith(SCHEME) else Keys(Path(one)) for one in given]


keys_option = click.option(
    "--keys",
    multiple=True,
    callback=_open,
    metavar="DIR|PKCS11-URI",
    help="Folder or PKCS#11 token with keys that the server does not have; may be repeated.",
)


@click.command()
@click.argument("product", required=False)
@click.argument("version", required=False)
@keys_option
@click.option("--answer", type=FILE, help="An answered signing request, in place of keys.")
@click.option(
    "--offline",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sign this request on a machine without a server, in place of PRODUCT VERSION.",
)
@click.option("--output", type=FILE, help="Where to write the answer to --offline.")
@click.option("--reason", default="", help="Why it may go out; a second person reads it.")
@click.option("--server", metavar="URL", help="With the keys of this server, over its API; the token is CAREFUL_TOKEN.")
@json_option
@click.pass_context
def sign(
    ctx: click.Context,
    *,
    server: str | None,
    product: str | None,
    version: str | None,
    keys: list[signing.KeyStore],
    answer: Path | None,
    offline: Path | None,
    output: Path | None,
    reason: str,
    as_json: bool,
) -> None:
    """Say that VERSION of PRODUCT is genuine. Devices see it once it is published."""
    if offline is not None:
        sign_offline(offline, keys, output, as_json=as_json)
        return
    if product is None or version is None:
        raise Invalid("What is to be signed?", do="Name PRODUCT and VERSION, or --offline REQUEST.", where="product")
    if server is not None:
        _sign_there(server, product, version, as_json=as_json)
        return
    world: World = ctx.obj.world()
    release = releases.get(world, product, version)
    if answer is not None:
        signed = updates.take_answer(world, OPERATOR, product, answer.read_bytes()).signed
        if signed is None or signed.version != version:
            raise Invalid(f"The answer was not about {version}; what it was about is done.", where="answer")
    else:
        by_hand = (lambda: updates.sign_release(world, OPERATOR, release.id, keys)) if keys else None
        signed = second_person.sign_release(world, OPERATOR, release.id, reason=reason, by_hand=by_hand)
    if as_json:
        say_json(signed)
        return
    by = ", ".join(keyid[:12] for keyid in signed.keyids)
    if signed.missing:
        click.echo(f"{product} {version} has the signature of {by}; {signed.missing} more must sign.")
        click.echo(f"Sign it with the other key (--keys), or: careful release request {product} {version} FILE")
        return
    click.echo(f"{product} {version} is signed by {by} (metadata {signed.metadata_version}).")
    click.echo(f"Put it in force: careful release publish {product} {version}")


def _sign_there(server: str, product: str, version: str, *, as_json: bool) -> None:
    door = door_to(server, lambda: None)  # type: ignore[arg-type, return-value]  # a server is named: no world is asked for
    found = door.find(product, version)
    if found is None:
        raise NotFound(f"There is no release {version} of {product}.", do="Add it: careful release create")
    door.sign(found["id"])
    if as_json:
        say_json(door.find(product, version))
    else:
        click.echo(f"{product} {version} is signed.")


def sign_offline(file: Path, keys: list[signing.KeyStore], output: Path | None, *, as_json: bool) -> None:
    """Sign the request in `file`, showing what it says."""
    if not keys or output is None:
        raise Invalid("Signing offline needs keys and an output.", do="Say --keys DIR --output FILE.", where="keys")
    content = file.read_bytes()
    asked = signing.read_request(content)
    for store in keys:
        content = signing.answer_request(content, store)
    output.write_bytes(content)
    shown: dict[str, Any] = {
        "product": asked.product,
        "says": asked.purpose.get("says", ""),
        "documents": [{"role": one.role, "version": one.version, "expires": one.expires} for one in asked.documents],
        "targets": asked.targets,
    }
    if as_json:
        say_json(shown)
        return
    click.echo(f"Signed: {shown['says']}")
    for one in asked.documents:
        click.echo(f"  {one.role} {one.version} of {asked.product}, until {one.expires:%Y-%m-%d}")
    for target in asked.targets:
        click.echo(f"  {target}")


@click.command()
@click.argument("product")
@click.argument("version")
@json_option
@click.pass_context
def publish(ctx: click.Context, product: str, version: str, as_json: bool) -> None:
    """Put a signed VERSION of PRODUCT in force in the update repository."""
    world: World = ctx.obj.world()
    versions = updates.publish(world, OPERATOR, releases.get(world, product, version).id)
    if as_json:
        say_json({"product": product, "version": version, "metadata": versions})
        return
    numbers = ", ".join(f"{role} {number}" for role, number in versions.items())
    click.echo(f"{product} {version} is published ({numbers}).")
    click.echo(f"Bring it to the devices: careful rollout start {product} {version}")


@click.command()
@click.argument("product")
@click.argument("version")
@click.argument("file", type=FILE)
@click.pass_context
def request(ctx: click.Context, product: str, version: str, file: Path) -> None:
    """Write to FILE what is to be signed on the machine that has the release key."""
    world: World = ctx.obj.world()
    file.write_bytes(updates.signing_request(world, releases.get(world, product, version).id))
    say_asked(file)


def say_asked(file: Path) -> None:
    """Say where to go with a request."""
    click.echo(f"Written. Where the key is: careful release sign --offline {file.name} --keys DIR --output answer.json")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@keys_option
@click.option("--output", type=FILE, required=True, help="Where to write the answer.")
@json_option
def answer(file: Path, keys: list[signing.KeyStore], output: Path, as_json: bool) -> None:
    """Sign the request in FILE; needs no server, no data folder and no network. The same as `sign --offline FILE`."""
    sign_offline(file, keys, output, as_json=as_json)


@click.command()
@click.argument("product")
@json_option
@click.pass_context
def status(ctx: click.Context, product: str, as_json: bool) -> None:
    """Show the update repository of PRODUCT: what is in force, until when, and which keys are here."""
    world: World = ctx.obj.world()
    found = updates.published(world, product)
    late = updates.expiring(world, product)
    if as_json:
        say_json(asdict(found) | {"expiring": late})
        return
    if not found.versions:
        click.echo(f"{product} has no update repository yet; it begins with the first signed release.")
    for role, number in found.versions.items():
        click.echo(f"  {role:<10} {number:>4}  until {found.expires[role]:%Y-%m-%d %H:%MZ}")
    for target in found.targets:
        click.echo(f"  {target}")
    if found.keys_away:
        click.echo(f"  {len(found.keys_away)} keys are kept elsewhere.")
    if found.versions and "releases" not in found.versions:
        click.echo(f"  One key signs releases. Better two: careful release delegate {product}")
    for one in late:
        click.echo(f"  {one.role} {one.version} is {one.state}, until {one.expires:%Y-%m-%d}  ->  {one.do}")


@click.command()
@click.argument("product")
@click.argument("file", type=FILE)
@click.pass_context
def root(ctx: click.Context, product: str, file: Path) -> None:
    """Write to FILE the root metadata that every device of PRODUCT is given when it is made."""
    world: Any = ctx.obj.world()
    file.write_bytes(updates.trusted_root(world, product))
    click.echo(f"Written to {file}. Devices trust what this file leads to, and nothing else.")


COMMANDS = (sign, publish, request, answer, status, root)
"""For the group `careful release`."""
