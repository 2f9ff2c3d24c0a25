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


ProductOf = Callable[[World, Request], str | None]
"""What finds the product that a request is about, from its address; None where it is about no product's own things."""


def asked_product(_world: World, request: Request) -> str | None:
    """Find it in the query, where a list is asked for: without, it is of all products, so of none in particular."""
    return request.query_params.get("product", "")


def no_product(_world: World, _request: Request) -> None:
    """Say that no product's things are touched, or that the body names it and the endpoint sees to that itself."""


def needs(
    resource: str, verb: str, product_of: ProductOf | None = None
) -> Callable[[Request, HTTPAuthorizationCredentials | None], Actor]:
    """Return a dependency that lets pass only tokens with the scope `resource:verb`, and names the actor.

    Tokens for one product alone, which CI jobs hold, pass where `product_of` finds that product, and nowhere else.
    """
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
        world = world_of(request)
        found = None if product_of is None else lambda: product_of(world, request)
        actor = people.actor_of_token(world, bearer.credentials, (resource, verb), found)
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
