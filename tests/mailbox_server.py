"""A mail server of the tests."""

import contextlib
import email
from email import policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    """Takes every mail, but what it is told to refuse."""

    def __init__(self):
        self.mails, self.refuses, self.log_ins, self.good_bye = [], {}, [], "221 Bye"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    async def handle_QUIT(self, _server, _session, _envelope):  # noqa: N802
        return self.good_bye

    def check(self, _server, _session, _envelope, _mechanism, data):
        self.log_ins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss word", handled=False)


class Post(Controller):
    def factory(self):
        return SMTP(self.handler, authenticator=self.handler.check, auth_require_tls=False)


@contextlib.contextmanager
def serve_mailbox(port):
    """A mailbox behind a real server; `url` is its address."""
    box = Mailbox()
    server = Post(box, hostname="127.0.0.1", port=port)
    server.start()
    box.url = f"127.0.0.1:{port}"
    try:
        yield box
    finally:
        server.stop()
