"""`careful release`: add builds with their SBOMs, see what is in them, prove that the files are still theirs.

Signing and publishing belong to the update repository and are loaded only when they are asked for.
"""

import importlib
from pathlib import Path
from typing import Any

import click

from careful import releases
from careful.entrypoints.cli.output import cell, json_option, say_json, say_table
from careful.entrypoints.cli.progress import counting
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import NotFound, Refused, TooLarge

_SBOM_BYTES = 64 << 20
_ROWS = 20
_BESIDE = ("release_sign", "release_keys", "release_ci", "release_part")


class _WithSigning(click.Group):
    """A group whose signing commands live beside it."""

    def _signing(self) -> dict[str, click.Command]:
        modules: list[Any] = [importlib.import_module(f"careful.entrypoints.cli.{name}") for name in _BESIDE]
        return {str(one.name): one for module in modules for one in module.COMMANDS}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List our commands, then those for signing."""
        return [*super().list_commands(ctx), *self._signing()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of ours, else one for signing."""
        return super().get_command(ctx, cmd_name) or self._signing().get(cmd_name)


@click.group(cls=_WithSigning)
def command() -> None:
    """Add, sign and publish releases."""


@command.command()
@click.argument("product")
@click.argument("version")
@click.option("--image", required=True, type=click.Path(path_type=Path), help="What devices install.")
@click.option(
    "--sbom",
    required=True,
    type=click.Path(path_type=Path),
    help="What is in it: CycloneDX or SPDX; docs/sbom.md says which.",
)
@click.option("--hardware", multiple=True, required=True, help="Hardware revision it runs on; may be repeated.")
@click.option("--fixes", multiple=True, help="Flaw that it mends, such as CVE-2023-4863; may be repeated.")
@click.option("--notes", default="", help="What changed, for people.")
@click.option("--declaration", type=int, help="Version of the product file that it keeps to; else the one in force.")
@json_option
@click.pass_context
def add(
    ctx: click.Context,
    *,
    product: str,
    version: str,
    image: Path,
    sbom: Path,
    hardware: tuple[str, ...],
    fixes: tuple[str, ...],
    notes: str,
    declaration: int | None,
    as_json: bool,
) -> None:
    """Add an image and its SBOM as VERSION of PRODUCT. The same again changes nothing."""
    world = ctx.obj.world()
    with counting(f"Reading {sbom.name} and storing {image.name}"):
        done = releases.add(
            world,
            OPERATOR,
            product,
            version,
            image,
            read_sbom_file(sbom),
            hardware,
            fixes=fixes,
            notes=notes,
            declaration=declaration,
        )
    if as_json:
        say_json(done)
        return
    one = done.release
    click.echo(f"{product} {version} {'added' if done.new else 'was here already'}: {one.id}")
    click.echo(f"  image  {one.artifact.sha256}  {one.artifact.size:,} bytes")
    click.echo(f"  SBOM   {one.sbom_sha256}  {_counts(done.report)}")
    _say_unmatchable(done.report)
    _say_quality(done.report)
    click.echo(f"Sign it: careful release sign {product} {version}")


@command.command(name="list")
@click.argument("product", required=False)
@json_option
@click.pass_context
def list_(ctx: click.Context, *, product: str | None, as_json: bool) -> None:
    """List releases, of PRODUCT or of all, oldest first."""
    found = releases.list_for(ctx.obj.world(), product)
    if as_json:
        say_json(found)
        return
    rows = [
        (one.product, one.version, one.state, one.hardware, one.components, one.unmatchable, one.added_at)
        for one in found
    ]
    columns = ("Product", "Version", "State", "Hardware", "Components", "Unmatchable", "Added")
    say_table("Releases", columns, rows, empty="No release yet. Add one: careful release add")


@command.command()
@click.argument("product")
@click.argument("version")
@click.option("--components", is_flag=True, help="List every component.")
@json_option
@click.pass_context
def show(ctx: click.Context, *, product: str, version: str, components: bool, as_json: bool) -> None:
    """Show one release, and what became of every line of its SBOM."""
    world = ctx.obj.world()
    one = releases.get(world, product, version)
    report = releases.report(world, one.id)
    listed = releases.components(world, one.id) if components else []
    if as_json:
        say_json({"release": one, "report": report} | ({"components": listed} if components else {}))
        return
    facts = {
        "id": one.id,
        "state": one.state,
        "image": f"{one.artifact.filename}, {one.artifact.size:,} bytes",
        "SHA-256": one.artifact.sha256,
        "hardware": one.hardware,
        "security version": one.security_version,
        "fixes": one.fixes or None,
        "added": one.added_at,
        "signed": one.signed_at,
        "product file": _judged_by(one),
        "SBOM": f"{report.format}: {_counts(report)}",
    }
    for name, value in facts.items():
        click.echo(f"{name:>17}  {cell(value)}")
    _say_unmatchable(report)
    _say_quality(report)
    if components:
        rows = [(part.name, part.version, part.purl or part.cpe or None, part.reason or "yes") for part in listed]
        say_table("Components", ("Name", "Version", "Identifier", "Can be looked up"), rows, empty="None is listed.")


@command.command()
@click.argument("product")
@click.argument("version")
@json_option
@click.pass_context
def verify(ctx: click.Context, *, product: str, version: str, as_json: bool) -> None:
    """Prove that image and SBOM on disk are byte for byte what was added. Exit 1 when not."""
    world = ctx.obj.world()
    with counting(f"Reading {product} {version}"):
        found = releases.verify(world, releases.get(world, product, version).id)
    if as_json:
        say_json({"product": product, "version": version, "image": found.image, "sbom": found.sbom})
        ctx.exit(0 if found.whole else 1)
    if not found.whole:
        broken = " and ".join(name for name, good in (("image", found.image), ("SBOM", found.sbom)) if not good)
        raise Refused(
            f"{product} {version}: {broken} on disk altered or gone.", do="Restore it: careful restore BACKUP"
        )
    click.echo(f"{product} {version}: image and SBOM are what was added.")


@command.command()
@click.argument("product")
@click.argument("version")
@click.argument("declaration", type=int)
@click.option("--reason", required=True, help="Why; it goes into the ledger, so no personal data.")
@json_option
@click.pass_context
def pin(ctx: click.Context, *, product: str, version: str, declaration: int, reason: str, as_json: bool) -> None:
    """Check what devices on VERSION send against version DECLARATION of the product file from now on."""
    world = ctx.obj.world()
    done = releases.pin(world, OPERATOR, releases.get(world, product, version).id, declaration, reason)
    if as_json:
        say_json(done)
    else:
        click.echo(f"Devices on {product} {version} are checked against {_judged_by(done)} of the product file.")


def _judged_by(one: releases.Release) -> str:
    if one.state == "withdrawn" or one.declaration is None:
        return "the version in force"
    return f"version {one.declaration}"


def read_sbom_file(path: Path) -> bytes:
    """Return an SBOM's bytes. Raises NotFound, and TooLarge before reading what is too large."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", do="Name the SBOM: CycloneDX or SPDX.")
    if path.stat().st_size > _SBOM_BYTES:
        raise TooLarge(f"An SBOM may have {_SBOM_BYTES >> 20} MiB.", where=str(path))
    return path.read_bytes()


def _counts(report: releases.SbomReport) -> str:
    return f"{report.taken} taken, {report.merged} merged, {report.unmatchable} unmatchable, {report.left_out} left out"


def _say_unmatchable(report: releases.SbomReport) -> None:
    rows = [row for row in report.rows if row.outcome == "unmatchable"]
    if rows:
        click.echo(f"{len(rows)} cannot be looked up in known flaws:")
    for row in rows[:_ROWS]:
        click.echo(f"  {row.name} {row.version}: {row.reason} ({row.where})")
    if len(rows) > _ROWS:
        click.echo(f"  and {len(rows) - _ROWS} more: careful release show PRODUCT VERSION --json")


def _say_quality(report: releases.SbomReport) -> None:
    """Say which of the minimum elements are not stated everywhere, and what was strange in the file."""
    lacking = [f"{one.name} ({one.lacking} of {one.lacking + one.stated})" for one in report.elements if one.lacking]
    if lacking:
        click.echo(f"Not stated, of the minimum elements of an SBOM: {', '.join(lacking)}")
    for remark in report.remarks[:_ROWS]:
        click.echo(f"Remark: {remark.where}: {remark.says}")
    if len(report.remarks) > _ROWS:
        click.echo(f"  and {len(report.remarks) - _ROWS} more: careful release show PRODUCT VERSION --json")
