"""How long to wait after a failure: doubling from two seconds, with a bound, and apart from other devices."""

FIRST = 2.0
_DOUBLINGS = 16


def pause(failures: int, spread: float, longest: float = 300.0) -> float:
    """Return the seconds to wait after `failures` earlier failures in a row; `spread` (0 to 1) is the device's own."""
    return float(min(longest, FIRST * 2 ** min(failures, _DOUBLINGS)) * (0.75 + 0.5 * spread))
