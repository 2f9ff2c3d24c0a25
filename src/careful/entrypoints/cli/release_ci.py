"""`careful release create | launch | …`: from a pipeline, step by step, each of which may be repeated.

`create` adds image, SBOM and provenance, `sign` (release_sign.py) and `launch` carry on; what is done already is left
as it is. Exit 0: it is so now. Exit 1: refused, and why. Exit 2: what was given cannot be read.
"""

import hashlib
from pathlib import Path
from typing import Any

import click

from careful import releases, updates
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.entrypoints.cli.progress import counting
from careful.entrypoints.cli.release_doors import SERVER, Door, door_to
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World
from careful.workflows import what_changed

_FILE = click.Path(dir_okay=False, path_type=Path)
_ENDED = ("superseded", "withdrawn")
_server = click.option("--server", metavar="URL", help=f"Over the API, with the token in CAREFUL_TOKEN; or {SERVER}.")


@click.command()
@click.argument("product")
@click.argument("version")
@click.option("--image", required=True, type=_FILE, help="What devices install.")
@click.option("--sbom", required=True, type=_FILE, help="What is in it: CycloneDX or SPDX.")
@click.option("--hardware", multiple=True, required=True, help="Hardware revision it runs on; may be repeated.")
@click.option("--fixes", multiple=True, help="Flaw that it mends; may be repeated.")
@click.option("--notes", default="", help="What changed, for people.")
@click.option("--provenance", type=_FILE, help="Who built it: an in-toto attestation (SLSA v1) in a DSSE envelope.")
@_server
@json_option
@click.pass_context
def create(ctx: click.Context, /, *, server: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 (click passes options by name)
    """Add VERSION of PRODUCT with its SBOM and provenance; what is there already is left as it is."""
    door = door_to(server, ctx.obj.world)
    image, sbom, provenance = given.pop("image"), given.pop("sbom"), given.pop("provenance")
    there = door.find(given["product"], given["version"])
    if there is None:
        with counting(f"Sending {image.name}"):
            added = door.add(given, image, sbom)
    else:
        _must_be_same(there, image, sbom, given)
        added = {"release": there, "new": False, "advice": "", "bundle": None}
    release = added["release"]
    judged = door.add_provenance(release["id"], _read(provenance)) if provenance is not None else None
    if as_json:
        say_json({**{key: added.get(key) for key in ("release", "new", "advice", "bundle")}, "provenance": judged})
        return
    click.echo(f"{release['product']} {release['version']} {'added' if added['new'] else 'was here already'}.")
    click.echo(f"  image  {release['artifact']['sha256']}")
    if added.get("advice"):
        click.echo(f"  {added['advice']}")
    if judged is not None:
        click.echo(f"  built by {judged['builder']}{'' if judged['accepted'] else '. ' + judged['why']}")
    click.echo(f"Sign it: careful release sign {release['product']} {release['version']}")


def _must_be_same(there: dict[str, Any], image: Path, sbom: Path, given: dict[str, Any]) -> None:
    """Raise Refused where a release is there with other content: a version means one thing, for ever."""
    other = [
        name
        for name, kept, now in (
            ("image", there["artifact"]["sha256"], _sha256(image)),
            ("SBOM", there["sbom_sha256"], _sha256(sbom)),
            ("hardware", list(there["hardware"]), list(given["hardware"])),
            ("list of fixes", list(there["fixes"]), list(given["fixes"])),
        )
        if kept != now
    ]
    if other:
        raise Refused(
            f"{given['product']} {given['version']} exists with another {' and another '.join(other)}.",
            do="Give the new build a version of its own; is the build reproducible?",
            where="version",
        )


@click.command()
@click.argument("product")
@click.argument("version")
@click.option("--wave", "waves", multiple=True, help="Devices or per cent, the last one 100%; may be repeated.")
@click.option("--no-rollout", is_flag=True, help="Only sign and publish.")
@_server
@json_option
@click.pass_context
def launch(
    ctx: click.Context,
    *,
    product: str,
    version: str,
    waves: tuple[str, ...],
    no_rollout: bool,
    server: str | None,
    as_json: bool,
) -> None:
    """Sign VERSION of PRODUCT with the server's keys, publish it, start its rollout; what is done stays as it is."""
    door = door_to(server, ctx.obj.world)
    release = door.find(product, version)
    if release is None:
        raise NotFound(f"There is no release {version} of {product}.", do="Add it: careful release create")
    if release["state"] == "withdrawn":
        raise Refused(f"{product} {version} was withdrawn.", do="Add a newer release.")
    if release["state"] == "draft":
        door.sign(release["id"])
    door.publish(release["id"])
    rollout = "" if no_rollout else _rollout(door, product, version, waves)
    if as_json:
        say_json({"product": product, "version": version, "release": release["id"], "rollout": rollout or None})
        return
    click.echo(f"{product} {version} is published.")
    if rollout:
        click.echo(f"Rollout {rollout}. Watch it: careful rollout watch {rollout}")


def _rollout(door: Door, product: str, version: str, waves: tuple[str, ...]) -> str:
    known = [one for one in door.rollouts(product) if one["version"] == version and one["state"] not in _ENDED]
    return str(known[-1]["id"]) if known else door.start(product, version, waves)


@click.command()
@click.argument("product")
@click.argument("version")
@click.argument("file", type=_FILE, required=False)
@_server
@json_option
@click.pass_context
def provenance(
    ctx: click.Context, *, product: str, version: str, file: Path | None, server: str | None, as_json: bool
) -> None:
    """Show who built VERSION of PRODUCT, or add the attestation in FILE. Exit 1 where the policy does not take it."""
    if file is not None:
        door = door_to(server, ctx.obj.world)
        release = door.find(product, version)
        if release is None:
            raise NotFound(f"There is no release {version} of {product}.", do="See: careful release list")
        found: dict[str, Any] | None = door.add_provenance(release["id"], _read(file))
    else:
        world: World = ctx.obj.world()
        kept = releases.provenance_of(world, releases.get(world, product, version))
        found = None if kept is None else kept.to_json()
    if found is None:
        raise NotFound(f"{product} {version} has no provenance.", do="Add it: name the attestation's file.")
    if as_json:
        say_json(found)
    else:
        for name in ("builder", "build_type", "sources", "invocation", "finished"):
            value = found[name]
            click.echo(
                f"{name.replace('_', ' '):>12}  {', '.join(value) if isinstance(value, (list, tuple)) else value}"
            )
        click.echo(f"{'policy':>12}  {'takes it' if found['accepted'] else found['why']}")
    ctx.exit(0 if found["accepted"] else 1)


@click.command()
@click.argument("product")
@click.argument("file", type=_FILE, required=False)
@json_option
@click.pass_context
def policy(ctx: click.Context, product: str, file: Path | None, as_json: bool) -> None:
    """Show what PRODUCT asks of its releases, or put the policy in FILE (TOML) in force."""
    world: World = ctx.obj.world()
    if file is not None:
        folder = file.resolve().parent
        found = releases.set_policy(world, OPERATOR, product, _read(file), lambda name: _read(folder / name).decode())
    else:
        found = releases.policy(world, product)
    if as_json:
        say_json(found)
        return
    rows = [
        ("signers of bundles", ", ".join(f"{one.name or 'key'} {one.sha256[:16]}" for one in found.signers) or "any"),
        ("names of hardware", ", ".join(found.names) or "the release's own"),
        ("builders", ", ".join(one.id for one in found.builders) or "any"),
        ("sources", ", ".join(found.sources) or "any"),
        ("provenance", "required" if found.provenance_required else "not required"),
        ("deltas", found.delta_format),
    ]
    say_table(f"Policy of {product}", ("What", "Asked"), rows, empty="Nothing is asked.")


@click.command()
@click.argument("product")
@click.argument("version")
@click.pass_context
def manifest(ctx: click.Context, product: str, version: str) -> None:
    """Print every digest of VERSION of PRODUCT as canonical JSON: the same inputs give the same bytes."""
    world: World = ctx.obj.world()
    click.echo(releases.manifest(world, releases.get(world, product, version).id), nl=False)


@click.command()
@click.argument("product")
@click.argument("version")
@click.option("--try-again", is_flag=True, help="Forget those that came to nothing, so that they are made once more.")
@json_option
@click.pass_context
def deltas(ctx: click.Context, product: str, version: str, try_again: bool, as_json: bool) -> None:
    """List the deltas that lead to VERSION of PRODUCT, and why others do not exist."""
    world: World = ctx.obj.world()
    release = releases.get(world, product, version)
    if try_again:
        updates.try_again(world, OPERATOR, release.id)
    found = updates.deltas(world, release.id)
    if as_json:
        say_json(found)
        return
    named = {one.id: one.version for one in releases.list_for(world, product)}
    rows = [
        (
            named.get(one.base, "?"),
            one.reason or ("published" if one.published_at else "waits for a signature"),
            one.worked,
            ", ".join(f"{count} {kind}" for kind, count in sorted(one.fell_back.items())) or 0,
            f"{one.size:,}",
            f"{one.size / max(one.full_size, 1):.1%}",
            f"{one.seconds:.0f} s",
        )
        for one in found
    ]
    columns = ("From", "State", "Worked on", "Failed on", "Bytes", "Of the image", "Made in")
    empty = releases.why_no_deltas(releases.artifact_path(world, release.artifact.sha256))
    say_table(f"Deltas to {product} {version}", columns, rows, empty=empty or "None yet; the worker makes them.")


@click.command()
@click.argument("product")
@click.argument("version")
@json_option
@click.pass_context
def changes(ctx: click.Context, product: str, version: str, as_json: bool) -> None:
    """Say what VERSION of PRODUCT changes: components, size, flaws, permissions and endpoints declared."""
    world: World = ctx.obj.world()
    found = what_changed.what_changed(world, releases.get(world, product, version))
    if as_json:
        say_json(found)
        return
    if found is None:
        click.echo(f"{product} {version} is the first release.")
        return
    click.echo(f"Since {found.before.version}: image {found.size:+,} bytes.")
    flaws = [("flaw", one.kind, f"{one.flaw} in {one.name}", one.before, one.after) for one in found.flaws]
    groups = {
        "component": found.components,
        "endpoint": found.endpoints,
        "permission": found.permissions,
        "interface": found.interfaces,
        "builder": (found.builder,) if found.builder else (),
    }
    rows = [(group, one.kind, one.name, one.before, one.after) for group, listed in groups.items() for one in listed]
    columns = ("Of", "What", "Name", "Before", "Now")
    say_table(f"{found.before.version} to {version}", columns, [*flaws, *rows], empty="Nothing else changed.")


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    if path.stat().st_size > 1 << 20:
        raise Invalid(f"{path} has more than 1 MiB.", where=str(path))
    return path.read_bytes()


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


COMMANDS = (create, launch, provenance, policy, manifest, deltas, changes)
"""For the group `careful release`."""
