"""The other side, over real HTTP: a fake of Instagram's API and of a model's server, each with its own log."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class Fake:
    """A server that logs every call and answers by a list of scripted answers, then by its default."""

    def __init__(self):
        self.calls = []
        self.script = []
        self.lock = threading.Lock()
        self.profiles = {}
        self.readable = {}
        self.reads = []

    def look_up(self, path):
        """Answer a GET: what a test made readable under the last part of the path, a customer's profile where the test
        gave one; else as Meta does without consent."""
        name, _, query = path.partition("?")
        name = name.rpartition("/")[2]
        if name in self.readable:
            self.reads.append(path)
            found = self.readable[name]
            return found(dict(parse_qsl(query))) if callable(found) else (200, found)
        if name in self.profiles:
            return 200, self.profiles[name]
        return 403, {"error": {"message": "(#230) User consent is required", "code": 230}}

    def answer(self, path, payload, headers):
        """Return (status, body as a dict or bytes); a callable of the script gets the payload."""
        with self.lock:
            self.calls.append(payload)
            scripted = self.script.pop(0) if self.script else None
        if callable(scripted):
            return scripted(payload)
        return scripted or self.default(payload)


class FakeGraph(Fake):
    """Instagram's Send API: every accepted send is in `sent`, which is the truth about what customers got."""

    def __init__(self):
        super().__init__()
        self.sent = []
        self.commenters = {}
        self.signals = []  # "typing_on" and "mark_seen", which are no calls that send
        self.signal_answer = None

    def answer(self, path, payload, headers):
        action = payload.get("sender_action")
        if action not in ("typing_on", "mark_seen"):
            return super().answer(path, payload, headers)
        with self.lock:
            self.signals.append(action)
        return self.signal_answer or (200, {"recipient_id": payload["recipient"]["id"]})

    def default(self, payload):
        """Take a message for a customer, or for whoever wrote a comment (`commenters`: comment id -> customer)."""
        recipient = payload["recipient"]
        to = recipient.get("id") or self.commenters.get(recipient.get("comment_id"))
        if "sender_action" in payload:
            return 200, {"recipient_id": to}
        with self.lock:
            mid = f"mid.sent.{len(self.sent) + 1}"
            self.sent.append({"mid": mid, "to": to, "text": payload["message"].get("text", "")})
        return 200, {"recipient_id": to, "message_id": mid}

    @property
    def texts(self):
        return [one["text"] for one in self.sent]


class FakeModel(Fake):
    """A model that says what it is told to; `prompts` holds what it was asked."""

    def __init__(self):
        super().__init__()
        self.reply = {"reply": "در همین پست نوشته‌ایم.", "hand_over": False, "reason": ""}
        self.delay_seconds = 0.0

    @property
    def prompts(self):
        return ["\n".join(message["content"] for message in call["messages"]) for call in self.calls]

    def default(self, payload):
        time.sleep(self.delay_seconds)
        said = self.reply if isinstance(self.reply, str) else json.dumps(self.reply, ensure_ascii=False)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        return 200, {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "fake",
            "choices": [choice],
            "usage": usage,
        }


@contextmanager
def serve(fake):
    """Serve the fake on a free port of this machine; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._send(*fake.look_up(self.path))

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = fake.answer(self.path, json.loads(body or b"{}"), self.headers)
            if answer == "reset":
                self.connection.close()
                self.close_connection = True
                return
            self._send(*answer)

        def _send(self, status, content, headers=()):
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
