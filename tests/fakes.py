"""The other side, over real HTTP: a fake of Instagram's API and of a model's server, each with its own log."""

import json
import socket
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@contextmanager
def held_port():
    """Give a port where nothing listens and a server of the test may. On Linux it is kept from everybody's outgoing
    connections, which would else be given it now and then: bound without listening, it can be listened on by others."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port


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
        self.sounds, self.pictures = [], []  # what it was given to write down or to describe: (payload, key)
        self.said = [(200, {"text": "این لباس چقدره؟", "usage": {"type": "duration", "seconds": 2}})]
        self.seen = ["پیراهنی نخی و سبز با گل‌های سفید."]

    def answer(self, path, payload, headers):
        """Sounds and pictures have their own answers, the last of which is given again and again."""
        if path.endswith("/audio/transcriptions"):
            return self._next(self.sounds, self.said, payload, headers)
        if any(isinstance(message["content"], list) for message in payload["messages"]):
            seen = self._next(self.pictures, self.seen, payload, headers)
            return _completion(seen) if isinstance(seen, str) else seen
        return super().answer(path, payload, headers)

    def _next(self, asked, answers, payload, headers):
        with self.lock:
            asked.append((payload, headers.get("Authorization", "")))
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(payload) if callable(answer) else answer

    @property
    def prompts(self):
        return ["\n".join(message["content"] for message in call["messages"]) for call in self.calls]

    def default(self, payload):
        time.sleep(self.delay_seconds)
        said = self.reply if isinstance(self.reply, str) else json.dumps(self.reply, ensure_ascii=False)
        return _completion(said)


def _completion(said):
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


class Line:
    """A server on a free port of this machine, for all tests of a process; each test says which `fake` answers."""

    def __init__(self):
        self.fake = None
        self.url = ""


@contextmanager
def serve_one(fake):
    """Serve this fake alone; give its address."""
    with serve() as line:
        line.fake = fake
        yield line.url


@contextmanager
def serve():
    """Serve whatever fake is on the line; give the line."""
    line = Line()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # head and body in one packet

        def do_GET(self):
            self._send(*line.fake.look_up(self.path))

        def do_POST(self):
            fake = line.fake
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_form = self.headers.get("Content-Type", "").startswith("multipart/")
            payload = {"form": body} if is_form else json.loads(body or b"{}")
            answer = fake.answer(self.path, payload, self.headers)
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
    line.url = f"http://127.0.0.1:{server.server_port}"
    yield line
    server.shutdown()
    server.server_close()


class FakeFiles:
    """Where a provider keeps files: `put` says what is at a path; every request is in `asked`."""

    def __init__(self):
        self.answers = {}
        self.asked = []

    def put(self, path, body=b"", status=200, **headers):
        """Answer this path so; a header of None is left out. Return the address."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = status, {"Content-Length": str(len(body)), **headers}, body
        return self.url + path

    @property
    def settings(self):
        return {"pilito_demo": True, "pilito_demo_url": self.url}

    @contextmanager
    def serve(self):
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.asked.append((self.path, dict(self.headers)))
                status, headers, body = host.answers.get(self.path, (404, {"Content-Length": "0"}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    if value is not None:
                        self.send_header(name, value)
                self.end_headers()
                for chunk in [body] if isinstance(body, bytes) else body:
                    try:
                        self.wfile.write(chunk)
                        self.wfile.flush()
                    except OSError:
                        return

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()


class FakeBucket:
    """As much of an S3 server as a store needs: PUT, GET with a range, DELETE; `asked` holds every request.

    `versions` is what it says of keeping them (Enabled, Suspended, or nothing), `rules` those of its life cycle, `hushed`
    the questions that our key may not ask. With `pause` it takes a file slowly: so many seconds for each 256 KiB.
    """

    def __init__(self):
        self.objects = {}
        self.asked = []
        self.refuse = 0
        self.versions = self.rules = ""
        self.hushed = ()
        self.pause = 0

    @property
    def settings(self):
        """Those with which files lie in this bucket, under a prefix."""
        return {
            "media_url": "s3://shop/copies/",
            "media_s3_endpoint": self.url,
            "media_s3_region": "eu-test-1",
            "media_s3_access_key": "the-key",
            "media_s3_secret_key": "the-secret",
        }

    @contextmanager
    def serve(self):
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                body, size = b"", int(self.headers["Content-Length"])
                while len(body) < size:
                    time.sleep(bucket.pause)
                    chunk = self.rfile.read(min(size - len(body), 256 * 1024))
                    if not chunk:  # whoever sent it gave up
                        return
                    body += chunk
                if self._is_taken():
                    bucket.objects[self.path] = body
                    self._answer(200, b"", ETag='"x"')

            def do_GET(self):
                if not self._is_taken():
                    return
                if "list-type=2" in self.path:
                    self._list()
                    return
                question = self.path.partition("?")[2].partition("=")[0]
                if question in ("versioning", "lifecycle"):
                    self._tell(question)
                    return
                if self.path not in bucket.objects:
                    self._fail(404, "NoSuchKey")
                    return
                first = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
                self._answer(206 if first else 200, bucket.objects[self.path][first:])

            def _list(self):
                path, _, query = self.path.partition("?")
                start = f"{path.rstrip('/')}/{dict(parse_qsl(query)).get('prefix', '')}"
                keys = [
                    key.partition("/")[2]
                    for key in (one.lstrip("/") for one in bucket.objects if one.startswith(start))
                ]
                rows = "".join(
                    f"<Contents><Key>{key}</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified>"
                    "<ETag>x</ETag><Size>1</Size></Contents>"
                    for key in keys
                )
                body = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>shop</Name><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>'
                self._answer(200, body.encode(), Content_Type="application/xml")

            def _tell(self, question):
                if question in bucket.hushed:
                    self._fail(403, "AccessDenied")
                    return
                if question == "lifecycle" and not bucket.rules:
                    self._fail(404, "NoSuchLifecycleConfiguration")
                    return
                status = f"<Status>{bucket.versions}</Status>" if bucket.versions else ""
                name, said = {
                    "versioning": ("VersioningConfiguration", status),
                    "lifecycle": ("LifecycleConfiguration", bucket.rules),
                }[question]
                body = f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{said}</{name}>'
                self._answer(200, body.encode(), Content_Type="application/xml")

            def do_DELETE(self):
                if self._is_taken():
                    bucket.objects.pop(self.path, None)
                    self._answer(204)

            def _is_taken(self):
                bucket.asked.append((self.command, self.path, dict(self.headers)))
                if bucket.refuse:
                    self._fail(bucket.refuse, "AccessDenied")
                return not bucket.refuse

            def _fail(self, status, code):
                body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
                self._answer(status, body, Content_Type="application/xml")

            def _answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        # Small, or the machine takes in a large file at once for a server that is slow to read it.
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()
