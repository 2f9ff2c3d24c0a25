"""`careful release export-keys | replace-key | renew …`: the keys of a product's update repository."""

from collections.abc import Sequence
from pathlib import Path

import click

from careful import updates
from careful.entrypoints.cli.output import json_option, say_json
from careful.entrypoints.cli.release_sign import FILE, keys_option, say_asked
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.releases import signing
from careful.workflows import second_person

RENEWAL = "Its metadata nears its end."
DELEGATION = "Two keys are to sign releases in place of one."
_FOLDER = click.Path(file_okay=False, path_type=Path)
_request = click.option("--request", type=FILE, help="Write here what is to be signed elsewhere, and stop.")
_answer = click.option("--answer", type=FILE, help="An answered request.")


@click.command("export-keys")
@click.argument("product")
@click.argument("folder", type=_FOLDER)
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(signing.ROLES),
    default=signing.KEPT_ROLES,
    show_default=True,
    help="Whose keys; may be repeated.",
)
@json_option
@click.pass_context
def export_keys(ctx: click.Context, product: str, folder: Path, roles: tuple[str, ...], as_json: bool) -> None:
    """Move the root, targets and release keys of PRODUCT to FOLDER; the server forgets them."""
    moved = updates.export_keys(ctx.obj.world(), OPERATOR, product, folder, roles)
    _say_moved(moved, f"are in {folder} alone", as_json)


@click.command("import-keys")
@click.argument("product")
@click.argument("folder", type=_FOLDER)
@json_option
@click.pass_context
def import_keys(ctx: click.Context, product: str, folder: Path, as_json: bool) -> None:
    """Bring the keys of PRODUCT back from FOLDER."""
    _say_moved(updates.import_keys(ctx.obj.world(), OPERATOR, product, folder), "are on this server", as_json)


def _say_moved(names: tuple[str, ...], where: str, as_json: bool) -> None:
    if as_json:
        say_json({"keys": names})
    else:
        click.echo(f"{', '.join(names)} {where}.")


@click.command("make-key")
@click.argument("product")
@click.argument("role", type=click.Choice(signing.ROLES))
@keys_option
@click.option("--output", type=FILE, required=True, help="Where to write its public half (PEM).")
def make_key(product: str, role: str, keys: list[signing.KeyStore], output: Path) -> None:
    """Make a new key of ROLE where --keys says; needs no server, no data folder and no network."""
    if len(keys) != 1:
        raise Invalid("A new key is made in one place.", do="Say --keys DIR, or a token's address.", where="keys")
    name, _ = signing.named_key(keys[0], product, role)
    output.write_bytes(keys[0].public_pem(name))
    click.echo(f"{name} is made; its public half is in {output}.")


@click.command("replace-key")
@click.argument("product")
@click.argument("role", type=click.Choice(signing.ROLES))
@click.option("--reason", default="", help="Why, in a sentence; it stays in the ledger.")
@keys_option
@click.option("--new", "new", multiple=True, type=FILE, help="Public half of a key made elsewhere (make-key).")
@_request
@_answer
@json_option
@click.pass_context
def replace_key(
    ctx: click.Context,
    *,
    product: str,
    role: str,
    reason: str,
    keys: list[signing.KeyStore],
    new: Sequence[Path],
    request: Path | None,
    answer: Path | None,
    as_json: bool,
) -> None:
    """Replace the key of ROLE, lost or stolen; devices learn it from new metadata, and believe the old key no more."""
    world: World = ctx.obj.world()
    fresh = [signing.public_of(path.read_bytes()) for path in new]
    if answer is not None:
        _take(world, product, answer, as_json=as_json)
    elif request is not None:
        request.write_bytes(updates.key_request(world, product, role, reason, keys, fresh))
        say_asked(request)
    else:
        versions = second_person.change_key(
            world,
            OPERATOR,
            product,
            role,
            lambda: updates.replace_key(world, OPERATOR, product, role, reason, keys, fresh),
            reason=reason,
            new=[one.keyid for one in fresh],
        )
        if as_json:
            say_json({"product": product, "role": role, "metadata": versions})
        else:
            told = "root" if role in signing.TOP_ROLES else "targets"
            click.echo(f"{product} has a new {role} key, told by {told} {versions[told]}.")


@click.command("renew")
@click.argument("product")
@keys_option
@_request
@_answer
@json_option
@click.pass_context
def renew(
    ctx: click.Context,
    *,
    product: str,
    keys: list[signing.KeyStore],
    request: Path | None,
    answer: Path | None,
    as_json: bool,
) -> None:
    """Sign anew what nears its end and whose keys are elsewhere, with the content that is in force."""
    world: World = ctx.obj.world()
    if answer is not None:
        _take(world, product, answer, as_json=as_json)
    elif request is not None:
        request.write_bytes(updates.renewal_request(world, product))
        say_asked(request)
    else:
        versions = second_person.change_key(
            world,
            OPERATOR,
            product,
            "renewal, with the content in force",
            lambda: updates.renew_kept(world, OPERATOR, product, keys),
            reason=RENEWAL,
        )
        if as_json:
            say_json({"product": product, "metadata": versions})
        else:
            click.echo(f"{product}: " + ", ".join(f"{role} {number}" for role, number in versions.items()))


def _take(world: World, product: str, answer: Path, *, as_json: bool) -> None:
    found = updates.take_answer(world, OPERATOR, product, answer.read_bytes())
    if as_json:
        say_json(found)
    elif found.missing:
        click.echo(f"{found.says}: {found.missing} more must sign.")
    else:
        click.echo(f"Done. {found.says}")


@click.command()
@click.argument("product")
@keys_option
@json_option
@click.pass_context
def delegate(ctx: click.Context, product: str, keys: list[signing.KeyStore], as_json: bool) -> None:
    """Give a repository of an earlier version a build and a release key, both of which must sign, in place of one."""
    world: World = ctx.obj.world()
    versions = second_person.change_key(
        world,
        OPERATOR,
        product,
        "build and release, which both sign from then on",
        lambda: updates.delegate(world, OPERATOR, product, keys),
        reason=DELEGATION,
    )
    if as_json:
        say_json({"product": product, "metadata": versions})
    else:
        click.echo(f"{product}: build and release key must both sign from now on (targets {versions['targets']}).")


COMMANDS = (export_keys, import_keys, make_key, replace_key, renew, delegate)
"""For the group `careful release`."""
