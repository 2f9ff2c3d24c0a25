"""What is usual among devices of one kind: median and spread of each figure, over devices of a product and release."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

DEVICES_LEAST = 10
Kind = tuple[str, str | None]
"""Product and release."""
Cohort = Mapping[str, tuple[float, float, int]]
"""Figure -> median, spread, devices."""


def cohorts(devices: Iterable[tuple[Kind, Mapping[str, float]]]) -> dict[Kind, Cohort]:
    """Return the cohorts that are large enough. A few wrong devices move neither a median nor a median distance."""
    values: dict[Kind, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for kind, figures in devices:
        for name, value in figures.items():
            values[kind][name].append(value)
    return {
        kind: {name: _robust(given) for name, given in figures.items()}
        for kind, figures in values.items()
        if all(len(given) >= DEVICES_LEAST for given in figures.values())
    }


def _robust(given: list[float]) -> tuple[float, float, int]:
    middle = median(given)
    # The median distance of a normal variable is 0.67 of its standard deviation.
    return middle, 1.4826 * median(abs(one - middle) for one in given), len(given)
