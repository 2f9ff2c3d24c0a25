"""The API as the demo's people use it: a token, JSON, and a wait for the world to come round."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from careful.kernel.errors import CarefulError, Unavailable

T = TypeVar("T")
_PATIENCE = 30.0


class Held(CarefulError):
    """Something that the story says did not come true."""


class Api:
    """A client of one installation. A server that is away for a moment is asked again."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )

    def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 (JSON is Any)
        """Ask."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: object = None, **how: Any) -> Any:  # noqa: ANN401 (JSON is Any)
        """Act; `how` may hold `content`, `files` or `data` in place of JSON."""
        return self._ask("POST", path, **({"json": body} if body is not None else {}), **how)

    def put(self, path: str, body: object) -> Any:  # noqa: ANN401 (JSON is Any)
        """Set."""
        return self._ask("PUT", path, json=body)

    def _ask(self, verb: str, path: str, **how: Any) -> Any:  # noqa: ANN401 (JSON is Any)
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._client.request(verb, path, **how)
            except httpx.TransportError as failure:
                if time.monotonic() > until:
                    raise Unavailable("The console's API does not answer.", do="Run: careful up") from failure
                time.sleep(0.3)
                continue
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and time.monotonic() < until:
                time.sleep(0.3)
                continue
            if answer.is_error:
                raise Held(f"{verb} {path} answered {answer.status_code}: {answer.text[:400]}")
            return answer.json() if answer.content else None


def wait_for(what: str, probe: Callable[[], T | None], seconds: float) -> T:
    """Ask `probe` until it gives something. Raises Held, saying what never came true."""
    until = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > until:
            raise Held(f"Not within {seconds:.0f} s: {what}.")
        time.sleep(0.25)
