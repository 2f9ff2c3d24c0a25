"""`careful watch conform`: what is declared and what was seen, compared both ways."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from careful import monitoring
from careful.entrypoints.cli import watch_files
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.entrypoints.cli.watch_replay import _iso
from careful.kernel.actors import OPERATOR
from careful.monitoring import recorded

FORMAT = "careful.conformance/1"
_LEAST_TIME = 1e8
"""A recording's time below this is no time: a table without any begins at 0."""


@click.command()
@watch_files.recordings
@watch_files.mud
@watch_files.product
@watch_files.declaration
@watch_files.device
@click.option("--release", default="", metavar="VERSION", help="The release that ran when this was recorded.")
@click.option(
    "--record/--no-record",
    default=True,
    show_default=True,
    help="With --product: keep the result as a dated observation with its source.",
)
@click.option(
    "--draft", is_flag=True, help="Also write a draft of the ecosystem's missing edges, to be read by a person."
)
@json_option
@click.pass_context
def conform(
    ctx: click.Context,
    files: Sequence[Path],
    mud: Path | None,
    product: str | None,
    declaration: Path | None,
    named: Sequence[str],
    release: str,
    record: bool,
    draft: bool,
    as_json: bool,
) -> int:
    """Compare recorded traffic with what is declared: seen but undeclared, declared but never seen.

    Exits with 0 when all that was seen is declared, 1 when not, 2 when a file cannot be read, 3 when one is damaged.
    """
    basis = watch_files.basis(ctx, mud, product, declaration)
    if basis.profile is None:
        raise click.UsageError("Give one of --mud, --product and --declaration.")
    streams = basis.expected.streams if basis.declaration is not None else None
    comparison = recorded.Comparison(basis.profile, streams)
    with watch_files.opening(devices=watch_files.devices(named), product=basis.expected.product) as opened:
        read = [opened(file) for file in files]
        for recording in read:
            for window in recording.windows():
                comparison.see(window)
    compared = comparison.result()
    edges = recorded.draft(compared) if draft else []
    told = answer(basis, read, compared, edges)
    if product is not None and record:
        told["observation"] = _keep(ctx, basis, files, read, compared, release, told)
    if as_json:
        say_json(told)
    else:
        _print(compared, edges)
        if "observation" in told:
            click.echo(f"Kept as observation {told['observation']} of {product}.")
    damaged = [one.account.damaged for one in read if one.account.damaged is not None]
    for failure in damaged:
        click.echo(f"careful: {failure}", err=True)
    if damaged:
        return 3
    return 1 if compared.undeclared or compared.streams_undeclared else 0


def _keep(
    ctx: click.Context,
    basis: watch_files.Basis,
    files: Sequence[Path],
    read: Sequence[recorded.Recording],
    compared: recorded.Compared,
    release: str,
    told: dict[str, Any],
) -> str:
    accounts = [one.account for one in read]
    times = [one.last for one in accounts if one.last is not None and one.last > _LEAST_TIME]
    return monitoring.keep_comparison(
        ctx.obj.world(),
        OPERATOR,
        product=basis.name,
        version=basis.version,
        release=release,
        source=accounts[0].kind,
        recording=digest(files),
        as_of=datetime.fromtimestamp(max(times), UTC) if times else None,
        figures=figures(accounts, compared),
        found={name: value for name, value in told.items() if name != "draft"},
    )


def figures(accounts: Sequence[recorded.Account], compared: recorded.Compared) -> monitoring.Figures:
    """Count what a comparison came to."""
    strange = compared.undeclared
    return monitoring.Figures(
        devices=len({name for one in accounts for name in one.devices}),
        seconds=int(sum(one.seconds for one in accounts)),
        seen=len(compared.seen),
        undeclared=len(strange),
        declared=compared.declared,
        never_seen=len(compared.never),
        streams_undeclared=len(compared.streams_undeclared),
        streams_never_seen=len(compared.streams_never),
        in_the_clear=sum(one.in_the_clear for one in compared.seen),
        callers=sum(one.answered and not one.opened_by_device for one in strange),
        amplification=int(max((one.amplifies for one in compared.seen), default=0.0)),
    )


def digest(files: Sequence[Path]) -> str:
    """Return the SHA-256 over the recordings' own, so that the same recordings are known again."""
    whole = hashlib.sha256()
    for file in files:
        for part in sorted(file.glob("*.log*")) if file.is_dir() else [file]:
            with part.open("rb") as stream:
                whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()


def answer(
    basis: watch_files.Basis,
    read: Sequence[recorded.Recording],
    compared: recorded.Compared,
    edges: Sequence[recorded.Edge],
) -> dict[str, Any]:
    """Write the comparison as JSON values."""
    return {
        "format": FORMAT,
        "expected": {"from": basis.source, "name": basis.name},
        "recordings": [one.path.name for one in read],
        "share_of_seen_that_is_declared": compared.share_declared,
        "share_of_declared_that_was_seen": compared.share_seen,
        "seen": [
            {
                "peer": one.peer,
                "port": one.port,
                "transport": one.transport,
                "opened_by_device": one.opened_by_device,
                "declared_by": one.declared,
                "conversations": one.conversations,
                "bytes_out": one.bytes_out,
                "bytes_in": one.bytes_in,
                "first": _iso(one.first),
                "last": _iso(one.last),
                "devices": len(one.devices),
                "in_the_clear": one.in_the_clear,
                "amplifies": one.amplifies,
            }
            for one in compared.seen
        ],
        "never_seen": [one.says() for one in compared.never],
        "streams_undeclared": list(compared.streams_undeclared),
        "streams_never_seen": list(compared.streams_never),
        "draft": [one._asdict() for one in edges],
    }


def _print(compared: recorded.Compared, edges: Sequence[recorded.Edge]) -> None:
    rows = [
        (
            "yes" if one.declared else "NO",
            one.says(),
            one.conversations,
            one.bytes_out,
            one.bytes_in,
            one.declared or "",
        )
        for one in compared.seen
    ]
    say_table(
        "Seen",
        ("Declared", "Conversation", "Times", "Bytes out", "Bytes in", "By"),
        rows,
        empty="No conversation of a device was seen. Name the devices with: --device ADDRESS",
    )
    for one in compared.never:
        click.echo(f"declared, never seen: {one.says()}")
    for stream in compared.streams_undeclared:
        click.echo(f"undeclared stream: {stream}")
    for stream in compared.streams_never:
        click.echo(f"declared, never seen: stream {stream}")
    click.echo(
        f"{_share(compared.share_declared)} of what was seen is declared; "
        f"{_share(compared.share_seen)} of what is declared was seen."
    )
    if edges:
        click.echo("\n# A draft: what it is for, who runs it and which data it gets is for you to say.")
        click.echo(yaml.safe_dump({"ecosystem": elements(edges)}, sort_keys=False), nl=False)


def elements(edges: Sequence[recorded.Edge]) -> list[dict[str, Any]]:
    """Write a draft as the product file has it: the device's edges, and the elements at their other ends."""
    ends: dict[str, set[str]] = {}
    for edge in edges:
        ends.setdefault(edge.element, set()).update(edge.hosts)
    lines = [
        {"to": edge.element, "protocol": edge.protocol, "port": edge.port, "direction": edge.direction}
        for edge in edges
    ]
    unique = [line for number, line in enumerate(lines) if line not in lines[:number]]
    return [{"id": "device", "edges": unique}, *({"id": name, "hosts": sorted(hosts)} for name, hosts in ends.items())]


def _share(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.0%}"
