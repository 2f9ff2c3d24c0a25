"""A real web server with feeds on it: conditional requests, ranges, and whatever faults a test asks for."""

import socket
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class FeedServer:
    """Serves `files` by path; `cut[path]` are the bytes after which an answer breaks off, one a request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: dict[str, list[int]] = defaultdict(list)
        self.asked: list[tuple[str, dict[str, str]]] = []
        handler = type("Handler", (_Handler,), {"feeds": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def ranges(self, path: str) -> list[str]:
        """Return what was asked for of a file: empty for the whole."""
        return [headers.get("Range", "") for asked, headers in self.asked if asked == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    feeds: FeedServer

    def do_GET(self) -> None:
        path = self.path.removeprefix(self.feeds.url).partition("?")[0]  # a proxy is asked with the whole address
        self.feeds.asked.append((path, dict(self.headers)))
        content = self.feeds.files.get(path)
        if content is None:
            self._say(404, b"", {})
            return
        tag = f'"{hash(content)}"'
        if self.headers.get("If-None-Match") == tag:
            self._say(304, b"", {"ETag": tag})
            return
        start = 0
        wanted = self.headers.get("Range", "")
        if wanted and self.headers.get("If-Range") == tag:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
        more = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self._say(206 if start else 200, content[start:], {"ETag": tag, **more})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        cuts = self.feeds.cut[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cuts and body:
            self.wfile.write(body[: cuts.pop(0)])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
