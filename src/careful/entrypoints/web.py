"""Serving several ASGI applications, each on its own port, in one event loop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp

from careful import devices
from careful.entrypoints.heads import TLS12_SUITES, LimitedHeads
from careful.entrypoints.renewal import keep_fresh
from careful.kernel.work import World


def page_config(world: World, app: ASGIApp, port: int) -> uvicorn.Config:
    """Return how pages for people are served: plain HTTP on loopback, TLS anywhere else."""
    tls: dict[str, str] = {}
    if not world.settings.on_loopback:
        key, chain = devices.issue_server_certificate(world, world.settings.tls_names)
        tls = {"ssl_keyfile": str(key), "ssl_certfile": str(chain)}
    return uvicorn.Config(
        app,
        host=world.settings.host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,  # live pages hold their streams open
        limit_concurrency=512,
        http=LimitedHeads,
        ws="none",
        proxy_headers=bool(world.settings.page_proxies),
        forwarded_allow_ips=list(world.settings.page_proxies),
        ssl_ciphers=TLS12_SUITES,
        **tls,  # type: ignore[arg-type]  # two optional file names
    )


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def serve_all(configs: Sequence[uvicorn.Config], world: World | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then let requests under way finish; with `world`, its certificates stay fresh.

    Where devices have several processes, each opens their port, and the kernel shares connections out among them.
    """
    shared = world.settings.device_port if world and world.settings.device_processes > 1 else None
    servers = [_Server(config) for config in configs]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        for config in configs:
            config.load()
        renewing = [asyncio.create_task(keep_fresh(world, one.ssl)) for one in configs if world and one.ssl]
        opened = [[_shared_port(config)] if config.port == shared else None for config in configs]
        await asyncio.gather(*(server.serve(sockets) for server, sockets in zip(servers, opened, strict=True)))
        for task in renewing:
            task.cancel()

    with asyncio.Runner(loop_factory=configs[0].get_loop_factory()) as runner:
        runner.run(serve())


def _shared_port(config: uvicorn.Config) -> socket.socket:
    """Open a port that other processes of ours open too."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    return socket.create_server((config.host, config.port), family=family, backlog=config.backlog, reuse_port=True)
