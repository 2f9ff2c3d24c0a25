"""Who calls: a bearer token (RFC 6750) whose scopes include what the endpoint needs.

The token is looked at before the body is read (`TokenFirst`): FastAPI would read a gigabyte of a stranger's upload onto
the disk, and then find that it had no token.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from careful import people
from careful.kernel.actors import Actor
from careful.kernel.errors import Unauthenticated
from careful.kernel.work import World

_bearer = HTTPBearer(
    auto_error=False, bearerFormat="careful_…", description="careful token new NAME --scope SCOPE --days N"
)
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def world_of(request: Request) -> World:
    """Return the world that this API serves."""
    world: World = request.app.state.world
    return world


TheWorld = Annotated[World, Depends(world_of)]


def needs(resource: str, verb: str) -> Callable[[Request, HTTPAuthorizationCredentials | None], Actor]:
    """Return a dependency that lets pass only tokens with the scope `resource:verb`, and names the actor."""
    if verb not in people.VERBS[resource]:
        raise ValueError(f"{resource}:{verb} is no scope")

    def check(request: Request, bearer: _Bearer) -> Actor:
        known: Actor | None = getattr(request.state, "actor", None)
        if known is not None:
            return known
        if bearer is None:
            raise Unauthenticated(
                "This needs a token: Authorization: Bearer careful_…",
                do=f"Make one: careful token new NAME --scope {resource}:{verb}",
            )
        actor = people.actor_of_token(world_of(request), bearer.credentials, (resource, verb))
        request.state.actor = actor
        return actor

    check.scope = f"{resource}:{verb}"  # type: ignore[attr-defined]  # the matrix test asks which scope guards a route
    return check


class TokenFirst(APIRoute):
    """A route that knows who calls before it reads what was sent. It has one guard, made by `needs`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler behind the guard, whose finding it takes over (`request.state.actor`)."""
        (guard,) = (call for one in self.dependant.dependencies if (call := one.call) and hasattr(call, "scope"))
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await run_in_threadpool(guard, request, await _bearer(request))
            return await handle(request)

        return guarded
