"""A server of HTTP on this machine, which knows ranges and counts what it sends."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Serves bytes by their paths; what it has not is 404, and what is in `forbidden` 403.

    Attributes:
        sent: bytes of each answer.
    """

    def __init__(self, content: Mapping[str, bytes], ranges: bool, forbidden: frozenset[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.ranges, self.forbidden, self.sent = content, ranges, forbidden, list[int]()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers of a `Server`."""

    server: Server

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, body: bool) -> None:
        if self.path not in self.server.content:
            self.send_error(403 if self.path in self.server.forbidden else 404)
            return
        data = self.server.content[self.path]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if self.server.ranges else None
        start, end = (int(wanted[1]), min(len(data), int(wanted[2]) + 1)) if wanted else (0, len(data))
        self.send_response(206 if wanted else 200)
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        if body:
            self.server.sent.append(end - start)
            self.wfile.write(data[start:end])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    content: Mapping[str, bytes], *, ranges: bool = True, forbidden: frozenset[str] = frozenset()
) -> Iterator[Server]:
    """Yield a server of some files."""
    with Server(content, ranges, forbidden) as found:
        threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True).start()
        yield found
        found.shutdown()
