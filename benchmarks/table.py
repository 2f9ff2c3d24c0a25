"""How a benchmark prints: method first, then median and range of its runs beside the target."""

from collections.abc import Callable, Sequence
from statistics import median

RUNS = 5


def method(text: str) -> None:
    """Print how it was measured."""
    print(" ".join(text.split()))
    print()
    print(f"{'what':<52} {'median':>12} {'range':>25}  target")


def row(what: str, values: Sequence[float], unit: str, target: str = "") -> None:
    """Print one line; `values` are the runs."""
    spread = f"{min(values):,.4g} to {max(values):,.4g}"
    print(f"{what:<52} {median(values):>12,.4g} {spread:>25} {unit}  {target}")


def repeat(measure: Callable[[], float], runs: int = RUNS) -> list[float]:
    """Measure `runs` times."""
    return [measure() for _ in range(runs)]
