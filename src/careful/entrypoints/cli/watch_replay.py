"""`careful watch replay` and `careful watch learn`: recorded traffic through the detections of the running system."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from careful import monitoring
from careful.entrypoints.cli import watch_files
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.monitoring import recorded

FORMAT = "careful.replay/1"
_QUIET, _FIRED, _DAMAGED = 0, 1, 3
_MOST_LABELS = 1 << 30


@click.command()
@watch_files.recordings
@watch_files.mud
@watch_files.product
@watch_files.declaration
@click.option(
    "--baseline",
    "quiet",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A recording of a quiet day, or what `careful watch learn` made of some; repeatable.",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What was an attack, as CSV (frame.number and label, or start, end, label, device): adds a score.",
)
@watch_files.device
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for scripts.",
)
@json_option
@click.pass_context
def replay(
    ctx: click.Context,
    files: Sequence[Path],
    mud: Path | None,
    product: str | None,
    declaration: Path | None,
    quiet: Sequence[Path],
    labels: Path | None,
    named: Sequence[str],
    style: str,
    as_json: bool,
) -> int:
    """Print what would have fired for recorded traffic: pcap, pcapng, Zeek's logs, or a table of flows.

    Exits with 0 when nothing asks for a person, 1 when something does, 2 when a file cannot be read at all, and 3 when
    one is damaged: what came before the damage was judged.
    """
    basis = watch_files.basis(ctx, mud, product, declaration)
    known = _labels(labels)
    with watch_files.opening(devices=watch_files.devices(named), product=basis.expected.product) as opened:
        learnt = watch_files.baseline(quiet, opened)
        expected = replace(basis.expected, learnt=learnt)
        watcher = monitoring.Watcher(every=True)
        read: list[recorded.Recording] = []
        found: list[recorded.Finding] = []
        too_many = 0
        for file in files:
            recording = opened(file, labels=known)
            findings = recorded.replay(recording, lambda _: expected, watcher)
            found += findings
            too_many += findings.too_many
            read.append(recording)
    days = sum(map(recorded.device_days, read))
    scored = recorded.score(found, known, days) if known is not None else None
    if as_json or style == "json":
        say_json(_answer(basis, learnt, read, found, too_many, days, scored))
    else:
        _print(read, found, too_many, days, scored)
    damaged = [one.account.damaged for one in read if one.account.damaged is not None]
    for failure in damaged:
        click.echo(f"careful: {failure}", err=True)
    if damaged:
        return _DAMAGED
    return _FIRED if any(one.action != "note" for one in found) else _QUIET


@click.command()
@watch_files.recordings
@click.option(
    "--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it."
)
@watch_files.device
def learn(files: Sequence[Path], output: Path, named: Sequence[str]) -> None:
    """Learn what quiet days are like, for `careful watch replay --baseline`. There must be no trouble in them."""
    with watch_files.opening(devices=watch_files.devices(named)) as opened:
        learnt = watch_files.baseline(files, opened)
    if learnt is not None:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(learnt, order="sorted"), indent=1) + b"\n")
        click.echo(
            f"{output}: {len(learnt.devices)} devices, {learnt.device_days:.2f} device-days, "
            f"{len(learnt.places)} destinations, {len(learnt.beats)} beats."
        )


def _labels(file: Path | None) -> recorded.Labels | None:
    if file is None:
        return None
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        return recorded.read_labels(stream, file.name)


def _answer(
    basis: watch_files.Basis,
    learnt: recorded.Learnt | None,
    read: Sequence[recorded.Recording],
    found: Sequence[recorded.Finding],
    too_many: int,
    days: float,
    scored: recorded.Score | None,
) -> dict[str, Any]:
    by_rule: dict[str, int] = {}
    for one in found:
        by_rule[one.rule] = by_rule.get(one.rule, 0) + 1
    rules = [
        {
            "id": one.id,
            "title": one.title,
            "words": one.words,
            "limit": one.limit,
            "budget": one.budget,
            "action": one.action,
        }
        for one in monitoring.rules()
    ]
    return {
        "format": FORMAT,
        "recordings": [_recording(one) for one in read],
        "expected": {
            "from": basis.source,
            "name": basis.name,
            "left_out": list(basis.profile.left_out) if basis.profile else [],
            "baseline_device_days": learnt.device_days if learnt else None,
        },
        "detections": [_finding(one) for one in found],
        "not_listed": too_many,
        "summary": {
            "detections": len(found),
            "devices": len({one.device for one in found}),
            "by_rule": dict(sorted(by_rule.items())),
            "device_days": days,
            "per_device_day": len(found) / days if days else None,
        },
        "score": None if scored is None else _score(scored),
        "rules": rules,
    }


def _recording(one: recorded.Recording) -> dict[str, Any]:
    account = one.account
    return {
        "file": one.path.name,
        "kind": account.kind,
        "records": account.frames,
        "not_read": account.not_read,
        "windows": account.windows,
        "first": _iso(account.first),
        "last": _iso(account.last),
        "seconds": account.seconds,
        "devices": sorted(account.devices),
        "damaged": None if account.damaged is None else account.damaged.as_dict(),
    }


def _finding(one: recorded.Finding) -> dict[str, Any]:
    return asdict(one) | {
        "first": _iso(one.first),
        "last": _iso(one.last),
        "first_epoch": one.first,
        "last_epoch": one.last,
    }


def _score(scored: recorded.Score) -> dict[str, Any]:
    false = len(scored.false_alarms)
    return {
        "attacks": [
            {
                "device": one.attack.device,
                "label": one.attack.label,
                "start": _iso(one.attack.start),
                "end": _iso(one.attack.end),
                "frames": one.attack.frames,
                "found": one.after is not None,
                "after_seconds": one.after,
                "rules": list(one.rules),
            }
            for one in scored.attacks
        ],
        "found": scored.found,
        "missed": len(scored.attacks) - scored.found,
        "false_alarms": false,
        "false_alarms_per_device_day": false / scored.device_days if scored.device_days else None,
    }


def _print(
    read: Sequence[recorded.Recording],
    found: Sequence[recorded.Finding],
    too_many: int,
    days: float,
    scored: recorded.Score | None,
) -> None:
    for one in read:
        account = one.account
        click.echo(
            f"{one.path.name}: {account.frames:,} records, {len(account.devices)} devices, "
            f"{account.seconds / 3600:.1f} h ({account.kind})"
        )
    if not any(one.account.devices for one in read):
        click.echo("No device was seen in it. Name the devices with: --device ADDRESS")
        return
    rows = [
        (
            _iso(one.first),
            one.device,
            one.rule,
            one.action,
            one.times,
            f"{one.observed:g}",
            f"{one.limit:g}",
            one.limit_from,
            one.says,
        )
        for one in found
    ]
    columns = ("First", "Device", "Rule", "Action", "Times", "Observed", "Limit", "Limit from", "In words")
    say_table("Would have fired", columns, rows, empty="Nothing would have fired.")
    if too_many:
        click.echo(f"{too_many:,} more are not listed.")
    click.echo(f"{len(found)} in {days:.2f} device-days.")
    if scored is not None:
        for attack in scored.attacks:
            told = (
                f"found after {attack.after:.0f} s by {', '.join(attack.rules)}"
                if attack.after is not None
                else "missed"
            )
            click.echo(
                f"{attack.attack.device or 'anybody'}, {attack.attack.label}, {_iso(attack.attack.start)}: {told}"
            )
        click.echo(f"{scored.found} of {len(scored.attacks)} attacks found, {len(scored.false_alarms)} false alarms.")


def _iso(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
