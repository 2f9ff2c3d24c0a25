"""What the linter says about ways in: passwords, second factors, guessing, debugging, transport, updates."""

from careful.products.declaration import Declaration
from careful.products.lint_table import Hit, Hits
from careful.products.reading import Path
from careful.products.surface import Interface
from careful.products.vocabulary import INTIMATE

_WITH_PASSWORD = frozenset({"password", "account"})
_OLD_TLS = frozenset({"none", "1.0", "1.1"})
_NETWORK = frozenset({"internet", "lan"})


def look_at_access(declaration: Declaration) -> Hits:
    """Look at every interface, at updates and at environments."""
    what = _what_is_at_stake(declaration)
    for index, one in enumerate(declaration.interfaces or ()):
        path: Path = ("interfaces", index)
        yield from _authentication(one, path, what)
        yield from _exposure(one, path)
    yield from _updates(declaration)
    yield from _environments(declaration)


def _what_is_at_stake(declaration: Declaration) -> str:
    """Say what a stranger could watch or move from afar; empty where it is nothing of that kind."""
    hardware = declaration.hardware
    kinds = {item.data_class for item in declaration.data or () if item.data_class in INTIMATE and item.personal}
    remote = declaration.connectivity is not None and declaration.connectivity.remote_access is True
    if not remote and not any(one.reach == "internet" for one in declaration.interfaces or ()):
        return ""
    if declaration.product.category == "lock":
        return "a lock"
    if (hardware and hardware.camera) or "video_home" in kinds:
        return "a camera"
    if (hardware and hardware.microphone) or "audio" in kinds:
        return "a microphone"
    return f"{min(kind for kind in kinds if kind)} data" if kinds else ""


def _authentication(one: Interface, path: Path, what: str) -> Hits:
    auth = one.auth
    if auth is None:
        return
    if auth.preset == "shared":
        yield Hit(
            "shared-password",
            (*path, "auth", "preset"),
            f"`{one.id}` leaves the factory with one password for every unit: it would open all of them "
            "(also: Cal. Civ. Code 1798.91.04(b), UK SI 2023/1007 Sch. 1 para 1).",
            "unique or user_set",
            "shared",
            "Give each unit its own, or let the owner set one before anything else works.",
        )
    if what and one.reach == "internet" and auth.kind in _WITH_PASSWORD and auth.mfa == "none":
        yield Hit(
            "watching-without-second-factor",
            (*path, "auth", "mfa"),
            f"`{one.id}` gives {what} to the internet behind a password alone.",
            "offered or required",
            "none",
            "Offer a second factor or a passkey at set-up, and require it for shared accounts.",
        )
    if auth.kind == "none" and one.reach in _NETWORK:
        yield Hit(
            "open-interface",
            (*path, "auth", "kind"),
            f"`{one.id}` can be used by anyone on the {'internet' if one.reach == 'internet' else 'home network'}.",
            "password, key, account or pairing",
            "none",
            "Ask who is there, or take the interface away.",
        )
    if auth.kind in _WITH_PASSWORD and auth.lockout is False:
        yield Hit(
            "endless-guessing",
            (*path, "auth", "lockout"),
            f"A password of `{one.id}` can be guessed without end.",
            "true",
            "false",
            "Slow guessing down, without letting strangers lock the owner out.",
        )


def _exposure(one: Interface, path: Path) -> Hits:
    if one.kind == "telnet":
        yield Hit(
            "clear-text-service",
            (*path, "kind"),
            f"`{one.id}` is Telnet: whoever listens has the password.",
            "ssh, or none",
            "telnet",
            "Remove it.",
        )
    if one.debug and one.locked_in_production is False:
        yield Hit(
            "open-debug",
            (*path, "locked_in_production"),
            f"`{one.id}` can be used for debugging on units that are sold.",
            "true",
            "false",
            "Lock it in production.",
        )
    if one.reach != "internet":
        return
    if one.transport is not None and one.transport.tls in _OLD_TLS:
        yield Hit(
            "weak-transport",
            (*path, "transport", "tls"),
            f"`{one.id}` speaks to the internet without proper encryption.",
            "1.2 or 1.3",
            one.transport.tls,
            "Require TLS 1.2 or later.",
        )
    if one.monitor is None:
        yield Hit(
            "unmonitored-interface",
            path,
            f"`{one.id}` can be reached from the internet, and no log source is named for it.",
            "a log source",
            "nothing",
            "Name it in `monitor`.",
        )


def _updates(declaration: Declaration) -> Hits:
    update = declaration.software.update if declaration.software else None
    if update is None:
        return
    path: Path = ("software", "update")
    if update.supported is not False and update.signed in {"none", "shared_key"}:
        yield Hit(
            "unsigned-update",
            (*path, "signed"),
            "Whoever gets at the update path, or at one device, could make updates for all.",
            "asymmetric",
            update.signed,
            "Sign updates with a private key that stays with you.",
        )
    if update.supported is not False and update.anti_rollback is False:
        yield Hit(
            "rollback-allowed",
            (*path, "anti_rollback"),
            "An old version with known flaws can be put back.",
            "true",
            "false",
            "Let the device refuse what is older than what it runs.",
        )


def _environments(declaration: Declaration) -> Hits:
    owner: dict[str, str] = {}
    for index, one in enumerate(declaration.environments or ()):
        for place, host in enumerate(one.hosts or ()):
            if owner.setdefault(host, one.id) != one.id:
                yield Hit(
                    "host-live-and-test",
                    ("environments", index, "hosts", place),
                    f"`{host}` is in {owner[host]} and in {one.id}.",
                    "a host in one environment",
                    host,
                    "Keep live and test systems apart.",
                )
