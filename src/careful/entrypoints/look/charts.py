"""Charts as SVG, drawn on the server: attributes and classes only, so that a page needs no script and no inline style.

Every chart stretches to its column without stretching its words: words stay outside the drawing, in a legend or table
beside it. Colour is never alone: the legend names each part with its count, lines differ by dash, and what is silent or
unknown is hatched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from careful.entrypoints.look import words

_BAR_HEIGHT = 26
_SERIES = 5
_CURVE = 100  # both sides of the curve's own coordinate square, which the page stretches


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: its label, how many, where its list is, and whether it stands for what is not known."""

    label: str
    count: int
    href: str = ""
    unknown: bool = False


def fold(parts: Sequence[Part], most: int = _SERIES) -> list[Part]:
    """Keep the `most` largest parts in their order and join the rest into one, `others`; unknown parts stay apart."""
    known = [part for part in parts if not part.unknown and part.count]
    apart = [part for part in parts if part.unknown and part.count]
    if len(known) <= most:
        return known + apart
    # By place, not by value: two parts may look the same.
    kept = sorted(sorted(range(len(known)), key=lambda place: -known[place].count)[: most - 1])
    rest = sum(part.count for part in known) - sum(known[place].count for place in kept)
    return [known[place] for place in kept] + [Part("others", rest)] + apart


def bar(parts: Sequence[Part], *, name: str, title: str) -> Markup:
    """Draw one bar stacked from `parts`, with a legend; `name` makes its ids unique on the page."""
    shown = fold(parts)
    total = sum(part.count for part in shown)
    if not total:
        return Markup("")
    rects, legend, at = [], [], 0.0
    for index, part in enumerate(shown):
        share = 100 * part.count / total
        series = "s6" if part.unknown else f"s{min(index, _SERIES - 1) + 1}"
        rects.append(_rect(at, share, series, name if part.unknown else ""))
        legend.append(_legend_item(part, total, series, name))
        at += share
    described = "; ".join(f"{part.label} {words.count(part.count)}" for part in shown)
    return Markup(
        '<figure class="bar"><svg class="chart" width="100%" height="{}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}{}</svg><ul class="legend">{}</ul></figure>'
    ).format(
        _BAR_HEIGHT,
        name,
        name,
        name,
        title,
        name,
        described,
        _hatch(name),
        Markup("").join(rects),
        Markup("").join(legend),
    )


def meter(part: int, whole: int, *, label: str, series: str = "s2") -> Markup:
    """Draw a thin bar that shows `part` of `whole`, for a table cell; its words stand beside it."""
    share = 0.0 if whole <= 0 else 100 * min(part, whole) / whole
    return Markup(
        '<svg class="meter" width="100%" height="8" role="img" aria-label="{}: {} of {}">'
        '<rect class="track" width="100%" height="8"/><rect class="{}" width="{}%" height="8"/></svg>'
    ).format(label, words.count(part), words.count(whole), series, _short(share))


def curve(points: Sequence[tuple[datetime, Mapping[str, int]]], *, name: str, title: str) -> Markup:
    """Draw how counts moved over time, one line a series, as steps: a count holds until the next observation.

    Args:
        points: in order of time; the first one's keys are the series, in order of drawing.
        name: makes the ids unique on the page.
        title: what is shown, as a sentence.
    """
    if not points:
        return Markup("")
    series = list(points[0][1])
    start, end = points[0][0], points[-1][0]
    length = max((end - start).total_seconds(), 1.0)
    top = max(max(values.values(), default=0) for _, values in points) or 1
    lines = []
    for index, key in enumerate(series):
        places: list[str] = []
        for at, values in points:
            x = _CURVE * (at - start).total_seconds() / length
            y = _CURVE - _CURVE * values.get(key, 0) / top
            places.append(f"{'L' if places else 'M'}{_short(x)} {_short(y)}")
            if len(places) > 1:
                # Steps, not slopes: between two observations nothing was seen to change.
                before = places[-2].split()[1]
                places.insert(-1, f"L{_short(x)} {before}")
        lines.append(Markup('<path class="line {}" d="{}"/>').format(_line_class(index), " ".join(places)))
    return Markup(
        '<figure class="curve"><div class="plot"><span class="top">{}</span>'
        '<svg class="chart" viewBox="0 -2 100 104" preserveAspectRatio="none" role="img" aria-labelledby="{}-t">'
        '<title id="{}-t">{}</title><path class="axis" d="M0 100H100M0 50H100M0 0H100"/>{}</svg></div>'
        '<div class="ends">{}<span></span>{}</div><ul class="legend">{}</ul>{}</figure>'
    ).format(
        words.count(top),
        name,
        name,
        title,
        Markup("").join(lines),
        words.moment(start),
        words.moment(end),
        Markup("").join(
            Markup(
                '<li><svg viewBox="0 0 28 10" class="key chart" aria-hidden="true">'
                '<path class="line {}" d="M0 5H28"/></svg>{} <b>{}</b></li>'
            ).format(_line_class(index), key, words.count(points[-1][1].get(key, 0)))
            for index, key in enumerate(series)
        ),
        _as_table(points, series, title),
    )


def _as_table(points: Sequence[tuple[datetime, Mapping[str, int]]], series: Sequence[str], title: str) -> Markup:
    head = Markup("").join(Markup('<th scope="col" class="num">{}</th>').format(key) for key in series)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            words.moment(at),
            Markup("").join(
                Markup('<td class="num">{}</td>').format(words.count(values.get(key, 0))) for key in series
            ),
        )
        for at, values in points
    )
    return Markup(
        '<details><summary>As a table</summary><div class="scroll" role="region" tabindex="0" aria-label="{}"><table>'
        '<caption class="hidden">{}</caption><thead><tr><th scope="col">At</th>{}</tr></thead><tbody>{}</tbody></table>'
        "</div></details>"
    ).format(title, title, head, rows)


def _rect(at: float, share: float, series: str, hatched: str) -> Markup:
    place = Markup('x="{}%" width="{}%" height="{}"').format(_short(at), _short(share), _BAR_HEIGHT)
    base = Markup('<rect class="gap {}" {}/>').format(series, place)
    if hatched:
        base += Markup('<rect fill="url(#{}-h)" {}/>').format(hatched, place)
    return base


def _legend_item(part: Part, total: int, series: str, name: str) -> Markup:
    hatched = Markup('<rect width="14" height="14" fill="url(#{}-h)"/>').format(name) if part.unknown else Markup("")
    swatch = Markup(
        '<svg viewBox="0 0 14 14" aria-hidden="true"><rect class="{}" width="14" height="14"/>{}</svg>'
    ).format(series, hatched)
    label = Markup('<a href="{}">{}</a>').format(part.href, part.label) if part.href else part.label
    return Markup("<li>{}{} <b>{}</b> {}</li>").format(
        swatch, label, words.count(part.count), words.percent(part.count, total)
    )


def _hatch(name: str) -> Markup:
    return Markup(
        '<defs><pattern id="{}-h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="hatch-line" y2="6"/></pattern></defs>'
    ).format(name)


def _line_class(index: int) -> str:
    return ("s2", "s3", "s6", "s1")[min(index, 3)]


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
