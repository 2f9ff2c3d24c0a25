"""The API: routers, problems, OpenAPI at `openapi.json`. No page of documentation: it would load foreign code.

Mounted at /api/v1 beside the console, whose outer shell limits sizes and host names.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from careful import __version__, people
from careful.entrypoints.api import (
    approvals,
    cases,
    data,
    data_deidentified,
    data_reads,
    data_requests,
    devices,
    evidence,
    exchange,
    feeds,
    gateway_tokens,
    notices,
    obligations,
    problems,
    products,
    releases,
    rollouts,
    suppliers,
    tokens,
    uploads_tus,
    vex,
    watch,
)
from careful.kernel.work import World

ROUTERS = (
    products.router,
    devices.router,
    gateway_tokens.router,
    data.router,
    data_reads.router,
    data_deidentified.router,
    data_requests.router,
    releases.router,
    releases.policies,
    uploads_tus.router,
    feeds.router,
    cases.router,
    vex.router,
    rollouts.router,
    notices.router,
    obligations.router,
    watch.router,
    approvals.router,
    evidence.router,
    tokens.router,
    tokens.trusts,
    suppliers.router,
    suppliers.own,
)
"""All that takes a token. `exchange` takes none of ours."""


def create_api(world: World) -> FastAPI:
    """Return the API for `world`, to be mounted at /api/v1."""
    app = FastAPI(
        title="Careful",
        version=__version__,
        summary="Keep connected devices safe for as long as people own them.",
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    app.state.world = world
    app.state.issuers = people.Issuers()
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(exchange.router)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's documented way to add to it
    return app


def scope_of(route: APIRoute) -> str:
    """Return the one scope that guards a route. Raises ValueError where it is not exactly one."""
    (scope,) = {found for need in route.dependant.dependencies if (found := getattr(need.call, "scope", None))}
    return str(scope)


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with our problem body in place of FastAPI's own validation error."""
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        body = problems.ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(body.pop("$defs", {}))
        schemas["ProblemBody"] = body
        for path in described["paths"].values():
            for act in path.values():
                act["responses"].pop("422", None)
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        for router in ROUTERS:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    for method in sorted(route.methods or ()):
                        refused = described["paths"][route.path][method.lower()]["responses"]["403"]
                        refused["description"] = f"The token's scopes do not include {scope_of(route)}."
        described["servers"] = [{"url": "/api/v1"}]
        app.openapi_schema = described
    return app.openapi_schema
