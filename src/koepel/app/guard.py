"""What may come in: this machine alone, under its own name, with the token, and not too much of it.

A page of a stranger that is open in the same browser can send requests to loopback. It cannot read the token, which
stands in the opened address behind ``#`` and is never sent by the browser itself; and a name of the stranger's that
leads to loopback is refused by the Host header.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass

MOST_BYTES = 1_000_000
TOKEN_HEADER = b"x-koepel-token"
HEADERS = (
    (b"content-security-policy",
     b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
     b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)  # fmt: skip


@dataclass(frozen=True)
class Guard:
    """An ASGI application in front of another one.

    Parameters
    ----------
    app
        What is guarded.
    port
        Under which this server is known; the Host header must name it and this machine.
    token
        Without it nothing below ``/api`` answers.
    """

    app: object
    port: int
    token: str

    async def __call__(self, scope, receive, send):
        """Let a request through, or refuse it in plain words."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, value)
        refused = self._refusal(scope, headers)
        if refused:
            await _answer(send, *refused)
            return
        body = await _body(receive) if scope["method"] not in ("GET", "HEAD") else b""
        if body is None:
            await _answer(send, 413, f"the request is longer than {MOST_BYTES:,} bytes; send less")
            return
        await self.app(scope, _once(body, receive), _with_headers(send))

    def _refusal(self, scope, headers) -> tuple[int, str] | None:
        names = [f"{name}:{self.port}" for name in ("127.0.0.1", "localhost")]
        if headers.get(b"host", b"").decode("latin-1").lower() not in names:
            return 421, f"this server answers to {names[0]} alone; open that address"
        if (origin := headers.get(b"origin")) and origin.decode("latin-1") not in [f"http://{name}" for name in names]:
            return 403, "a page of another origin may not ask this server"
        if scope["path"].startswith("/api") or scope["method"] not in ("GET", "HEAD"):
            given = headers.get(TOKEN_HEADER, b"")
            if not hmac.compare_digest(given, self.token.encode()):
                return 403, "the token is missing or wrong; open the address that koepel printed"
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return 413, f"the request is longer than {MOST_BYTES:,} bytes; send less"
        return None


async def _body(receive) -> bytes | None:
    """The whole body; None where it is too long, whatever its header said."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _once(body: bytes, receive):
    """A body that was read, handed on; after it whatever still comes."""
    given = False

    async def handed_on():
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return handed_on


def _with_headers(send):
    async def sending(message):
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return sending


async def _answer(send, status: int, found: str) -> None:
    found, _, mend = found.partition("; ")
    told = {"error": {"subject": "the request", "faults": [{"where": "", "field": "", "found": found, "mend": mend}]}}
    body = json.dumps(told).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
