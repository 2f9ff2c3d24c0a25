"""What the commands on recordings share: opening them with a line of progress, and finding out what is expected."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from careful import monitoring, products
from careful.entrypoints.cli.check import read_file
from careful.kernel.errors import Invalid, NotFound
from careful.monitoring import recorded

_MOST_BASELINE = 64 << 20
_MOST_MUD = 4 << 20
_A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

recordings = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE..."
)
device = click.option(
    "--device",
    "named",
    multiple=True,
    metavar="ADDRESS[=ID]",
    help="Who is a device: an IP or hardware address, and what to call it; repeatable. "
    "Without it, every machine in a private network is one.",
)
mud = click.option("--mud", type=_A_FILE, help="A MUD file (RFC 8520) that says what is permitted.")
product = click.option("--product", metavar="ID", help="A product of this installation; its declaration says it.")
declaration = click.option("--declaration", type=_A_FILE, help="A product file that says it.")


@dataclass(frozen=True, slots=True)
class Basis:
    """What devices are compared with."""

    source: str
    name: str
    expected: monitoring.Expected
    profile: recorded.Profile | None = None
    declaration: products.Declaration | None = None
    digest: str = ""
    version: int = 0


def basis(ctx: click.Context, mud: Path | None, product: str | None, declaration: Path | None) -> Basis:
    """Read the one thing that says what is expected."""
    if sum(one is not None for one in (mud, product, declaration)) > 1:
        raise click.UsageError("Give one of --mud, --product and --declaration.")
    if mud is not None:
        with mud.open("rb") as stream:
            profile = recorded.read_mud(stream.read(_MOST_MUD + 1), mud.name)
        expected = monitoring.Expected(product=profile.system or mud.stem, profile=profile)
        return Basis("mud", mud.name, expected, profile)
    if declaration is not None:
        declared = products.parse(read_file(declaration), declaration.name)
        return _declared("declaration", declaration.name, declared)
    if product is not None:
        found = products.get(ctx.obj.world(), product)
        made = _declared("product", product, found.declaration)
        return replace(made, digest=found.digest, version=found.version)
    return Basis("nothing", "", monitoring.Expected(product=""))


def _declared(source: str, name: str, declared: products.Declaration) -> Basis:
    return Basis(source, name, monitoring.expected_of(declared), recorded.profile_of(declared), declared)


def devices(named: Sequence[str]) -> recorded.Devices:
    """Read who counts as a device."""
    known = {}
    for one in named:
        address, _, name = one.partition("=")
        if not address:
            raise click.UsageError(f"--device {one!r}: expected ADDRESS or ADDRESS=ID.")
        known[address.lower()] = name or address
    return recorded.Devices(known)


def baseline(files: Sequence[Path], opened: "Opener") -> recorded.Learnt | None:
    """Learn from recordings of quiet days, or take what was learnt from a file that `careful watch learn` wrote."""
    if not files:
        return None
    learner = recorded.Learner()
    for file in files:
        if file.suffix == ".json" and file.is_file():
            return _kept(file)
        recording = opened(file)
        for window in recording.windows():
            learner.see(window)
        if recording.account.damaged is not None:
            click.echo(f"careful: {recording.account.damaged}", err=True)
    return learner.learnt()


def _kept(file: Path) -> recorded.Learnt:
    with file.open("rb") as stream:
        text = stream.read(_MOST_BASELINE + 1)
    try:
        return msgspec.json.decode(text, type=recorded.Learnt)
    except msgspec.DecodeError as failure:
        raise Invalid(
            f"This is no baseline: {failure}.",
            do="Make one with: careful watch learn QUIET-DAY -o FILE",
            where=file.name,
        ) from failure


Opener = Callable[..., recorded.Recording]


@contextmanager
def opening(**common: Any) -> Iterator[Opener]:  # noqa: ANN401 (handed on to Recording)
    """Yield what opens a recording, with a bar on a terminal while long files are read."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda file, **more: recorded.Recording(file, **common, **more)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:

        def opened(file: Path, **more: Any) -> recorded.Recording:  # noqa: ANN401 (the same)
            task = progress.add_task(file.name, total=_size(file))
            return recorded.Recording(file, tell=lambda read: progress.update(task, completed=read), **common, **more)

        yield opened


def _size(file: Path) -> int:
    try:
        parts = recorded.zeek_parts(file, "conn") if file.is_dir() else [file]
        return sum(one.stat().st_size for one in parts)
    except OSError as failure:
        raise NotFound(f"{file} cannot be read ({failure.strerror}).", do="Give a file, or Zeek's folder.") from failure
