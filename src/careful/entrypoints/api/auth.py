"""Who calls: a bearer token (RFC 6750) whose scopes include what the endpoint needs."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
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
        if bearer is None:
            raise Unauthenticated(
                "This needs a token: Authorization: Bearer careful_…",
                do=f"Make one: careful token new NAME --scope {resource}:{verb}",
            )
        return people.actor_of_token(world_of(request), bearer.credentials, (resource, verb))

    check.scope = f"{resource}:{verb}"  # type: ignore[attr-defined]  # the matrix test asks which scope guards a route
    return check
