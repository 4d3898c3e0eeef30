"""The other side in one fast process: Instagram's Send API and a model's server that answers at once or later.

`python -m bench.fakes PORT`. `GET /accepted` streams a line for every accepted reply: monotonic seconds, customer.
`POST /delay` with a number sets how long the model takes.
"""

import asyncio
import json
import re
import sys
import time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
RECIPIENT = re.compile(rb'"recipient": *\{"id": *"(\d+)"')
COMPLETION = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "content": json.dumps({"reply": "در همین پست نوشته‌ایم.", "hand_over": False, "reason": ""}),
                },
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
).encode()


class Provider:
    """What all connections share."""

    def __init__(self) -> None:
        self.delay_seconds = 0.0
        self.sent = 0
        self.listeners: set[asyncio.Transport] = set()

    def accept(self, customer: bytes) -> bytes:
        self.sent += 1
        line = b"%.6f %s\n" % (time.monotonic(), customer)
        for listener in self.listeners:
            listener.write(line)
        return b'{"recipient_id":"%s","message_id":"mid.sent.%d"}' % (customer, self.sent)


class Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, which is all that our clients speak."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self.provider.listeners.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (request := self._take()) is not None:
            self._answer(*request)

    def _take(self) -> tuple[bytes, bytes] | None:
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        size = int(length[1]) if length else 0
        if not found or len(rest) < size:
            return None
        self.buffer = rest[size:]
        return head, rest[:size]

    def _answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path == b"/accepted":
            self.transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.provider.listeners.add(self.transport)
        elif path == b"/delay":
            self.provider.delay_seconds = float(body)
            self._write(b"{}")
        elif path.endswith(b"/chat/completions"):
            self._complete()
        elif path.endswith(b"/me/messages") and b'"sender_action"' in body:
            self._write(b'{"recipient_id":"1"}')  # "typing" is no reply
        elif path.endswith(b"/me/messages") and (recipient := RECIPIENT.search(body)):
            self._write(self.provider.accept(recipient[1]))
        else:
            self._write(b'{"error":{"message":"unknown"}}', b"404 Not Found")

    def _complete(self) -> None:
        if self.provider.delay_seconds:
            asyncio.get_running_loop().call_later(self.provider.delay_seconds, self._write, COMPLETION)
        else:
            self._write(COMPLETION)

    def _write(self, body: bytes, status: bytes = b"200 OK") -> None:
        if not self.transport.is_closing():
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            self.transport.write(head + body)


async def serve(port: int) -> None:
    provider = Provider()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(provider), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
