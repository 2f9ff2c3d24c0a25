"""Detections: alerts as a list filtered in its address, and each with its rule, its chart, its devices, and a word.

Whether it was expected is for a person to say, and saying it changes that alone.
"""

from datetime import timedelta
from typing import get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, monitoring, products
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, heads
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import watch_response

_ROWS = 100
_DEVICES = 50
_DAYS = 366
_COLUMNS: tuple[Column[monitoring.Alert], ...] = (
    Column("What", "rule"),
    Column("Product", "product"),
    Column("Devices", "devices", num=True, down_first=True),
    Column("Led to"),
    Column("First", "first_at", down_first=True),
    Column("Last", "last_at", down_first=True),
)


def routes(world: World) -> list[Route]:
    """Return the list, an alert's page, and what can be said and done there."""
    page = _Detections(world, templates(world))
    return [
        Route("/detections", page.show_list, methods=["GET"]),
        Route("/detections/rules", page.show_rules, methods=["GET"]),
        Route("/detections/expectations/{expectation}/end", page.end, methods=["POST"]),
        Route("/detections/{alert}", page.show, methods=["GET"]),
        Route("/detections/{alert}/judge", page.judge, methods=["POST"]),
        Route("/detections/{alert}/cut", page.cut, methods=["POST"]),
        Route("/detections/{alert}/restore", page.restore, methods=["POST"]),
    ]


class _Detections:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show alerts, one for each cause; the open ones unless asked otherwise."""
        sessions.require(request, "watch", "read")
        given = request.query_params
        asked = {name: given.get(name, "")[:64] for name in ("state", "product", "rule", "device", "sort")}
        state = next((one for one in get_args(monitoring.AlertState) if one == asked["state"]), None)
        asked["state"] = state or ("all" if asked["state"] == "all" else "")
        by = next((one for one in monitoring.SORTS if one == asked["sort"].removeprefix("-")), None)
        found = monitoring.alerts(
            self._world,
            state=state or (None if asked["state"] == "all" else "open"),
            product=asked["product"] or None,
            rule=asked["rule"] or None,
            device=asked["device"] or None,
            by=by or "last_at",  # type: ignore[arg-type]  # it is one of SORTS
            down=by is None or asked["sort"].startswith("-"),
            limit=_ROWS,
        )
        return self._look.page(
            request,
            "console/detections.html",
            ledger_size=ledger_size(self._world),
            alerts=found,
            rules={one.id: one for one in monitoring.rules()},
            heads=heads(_COLUMNS, "/detections", asked),
            asked=asked,
            filtered=any(asked[name] for name in ("state", "product", "rule", "device")),
            products=[(one.id, one.name) for one in products.list_all(self._world)],
            counts=monitoring.counts(self._world),
            words=monitoring.expectations(self._world),
            may={"judge": sessions.signed(request).may("watch", "judge")},
        )

    def show_rules(self, request: Request) -> Response:
        """Show every detection: its rule in words, its limit, its budget, its action."""
        sessions.require(request, "watch", "read")
        return self._look.page(
            request,
            "console/detection_rules.html",
            ledger_size=ledger_size(self._world),
            rules=monitoring.rules(),
            settings=self._world.settings,
        )

    def show(self, request: Request) -> Response:
        """Show one alert."""
        sessions.require(request, "watch", "read")
        wanted = request.path_params["alert"]
        one = monitoring.alert(self._world, wanted)
        inside = monitoring.devices_of(self._world, wanted, _DEVICES)
        who = sessions.signed(request)
        return self._look.page(
            request,
            "console/detection.html",
            ledger_size=ledger_size(self._world),
            alert=one,
            rule=monitoring.rule(one.rule),
            devices=inside,
            releases=monitoring.releases_of(self._world, wanted),
            steps=watch_response.progress(self._world, wanted),
            points=_points(inside),
            words=monitoring.expectations(self._world, wanted=wanted, living=False),
            may={
                "judge": who.may("watch", "judge"),
                "cut": who.may("watch", "cut"),
                "restore": who.may("devices", "restore"),
            },
            lines=history(self._world, f"alert/{wanted}", request.url.path),
        )

    def judge(self, request: Request) -> Response:
        """Say whether it was expected, and of whom it is from now on."""
        actor = sessions.require(request, "watch", "judge")
        wanted = request.path_params["alert"]
        verdict = next((one for one in get_args(monitoring.Verdict) if one == forms.field(request, "verdict")), None)
        if verdict is None:
            raise Invalid("Was it expected?", do="Choose one.", where="verdict")
        scope, value = _scope(forms.field(request, "scope"))
        days = forms.field(request, "days", "30")
        monitoring.judge(
            self._world,
            actor,
            wanted,
            verdict,
            forms.field(request, "why"),
            scope=scope if verdict == "expected" else None,
            value=value,
            days=int(days) if days.isdecimal() and len(days) <= len(str(_DAYS)) else 0,
        )
        return RedirectResponse(f"/detections/{wanted}", 303)

    def cut(self, request: Request) -> Response:
        """Cut off the devices that are held."""
        actor = sessions.require(request, "watch", "cut")
        wanted = request.path_params["alert"]
        monitoring.cut_held(self._world, actor, wanted, forms.field(request, "why"))
        return RedirectResponse(f"/detections/{wanted}", 303)

    def restore(self, request: Request) -> Response:
        """Let a device that was cut off speak again."""
        actor = sessions.require(request, "devices", "restore")
        devices.restore(self._world, actor, forms.field(request, "device"), forms.field(request, "why"))
        return RedirectResponse(f"/detections/{request.path_params['alert']}", 303)

    def end(self, request: Request) -> Response:
        """Expect something no longer."""
        actor = sessions.require(request, "watch", "judge")
        monitoring.end_expectation(self._world, actor, request.path_params["expectation"])
        return RedirectResponse("/detections", 303)


def _scope(text: str) -> tuple[monitoring.Scope | None, str]:
    """Read what a choice in the form stands for: `device:cam-1-001`, `release:1.0.1`, `product:`, or nothing."""
    name, _, value = text.partition(":")
    return next((one for one in monitoring.SCOPES if one == name), None), value


def _points(inside: list[monitoring.AlertDevice]) -> list[tuple[object, dict[str, int]]]:
    """Return the last half hour of the device that was seen last, minute by minute, with the limit beside it."""
    shown = next((one for one in inside if one.past), None)
    if shown is None:
        return []
    minutes = [shown.last_at - timedelta(minutes=back) for back in range(len(shown.past) - 1, -1, -1)]
    values = [*shown.past[:-1], max(shown.past[-1], shown.observed)]
    return [
        (at, {"seen": round(value), "limit": round(shown.limit)}) for at, value in zip(minutes, values, strict=True)
    ]
