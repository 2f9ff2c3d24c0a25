"""Progress on a terminal, nothing in a pipe: it goes to stderr, so that what a command prints stays clean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def counting(title: str) -> Iterator[Callable[[int], None]]:
    """Show `title` and a number that grows while the block runs; yields what sets the number."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(title) as status:

        def tell(number: int) -> None:
            status.update(f"{title} {number:,}")

        yield tell
