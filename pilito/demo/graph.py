"""The side of the fake that Pilito calls: Instagram's Graph API, as far as a shop's inbox needs it."""

import json
import os
import re
import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from pilito.demo import payloads, shop
from pilito.demo.access import PAGE_ID, Access, TokenRefused
from pilito.demo.faults import Fault, Faults
from pilito.demo.media import AVATAR, CUSTOMERS
from pilito.demo.network import Network
from pilito.demo.postman import Postman
from pilito.demo.reading import Reading, only, split_fields
from pilito.demo.sends import Refusal, read_content, url_of
from pilito.demo.store import HELD, Customer, Message, Store, Webhook, now_ms

WINDOW_MS = 24 * 3600 * 1000
HUMAN_AGENT_WINDOW_MS = 7 * WINDOW_MS
# A moment, so that the answer of the send usually comes first, as with Meta. The fault `echo` does otherwise.
ECHO_DELAY_SECONDS = 0.15
SIGNALS = ("typing_on", "typing_off", "mark_seen")
REACTIONS = ("react", "unreact")
VERSION = re.compile(r"v\d+\.\d+")


@dataclass(frozen=True)
class World:
    """What both sides of the fake share."""

    store: Store
    postman: Postman
    faults: Faults
    account_id: str
    token: str
    public_url: str
    stopping: threading.Event
    access: Access
    reading: Reading
    network: Network = field(default_factory=Network)

    def media_url(self, name: str) -> str:
        return f"{self.public_url}/media/{name}"

    @property
    def scoped_id(self) -> str:
        """The account's other id, which `/me?fields=id` gives: never the one of the webhooks."""
        return "2" + self.account_id[1:]


class GraphError(Exception):
    """An answer in Meta's error form."""

    def __init__(self, message: str, code: int, subcode: int = 0, http_status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.http_status = http_status

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": "A" + secrets.token_urlsafe(16)}}


def create_graph(world: World) -> Blueprint:
    graph = Blueprint("graph", __name__)
    send = _Send(world)
    read = _Read(world)
    graph.before_request(lambda: _check_call(world))
    graph.register_error_handler(GraphError, _answer_error)
    graph.add_url_rule("/<version>/<node>/messages", "send", send.answer, methods=["POST"])
    graph.add_url_rule("/<version>/<node>/conversations", "conversations", read.conversations)
    graph.add_url_rule("/<version>/<node>/media", "media", read.media)
    graph.add_url_rule("/<version>/<node>/comments", "comments", read.comments)
    graph.add_url_rule("/<version>/<node>", "node", read.node)
    return graph


def _check_call(world: World) -> None:
    version = (request.view_args or {}).get("version")
    if version is not None and not VERSION.fullmatch(version):
        raise GraphError(f"Unknown path components: /{version}", 2500)
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = bearer if scheme.lower() == "bearer" else request.args.get("access_token", "")
    if not given:
        raise GraphError("An access token is required to request this resource.", 104, http_status=401)
    try:
        world.access.check(given)
    except TokenRefused as refused:
        raise GraphError(str(refused), 190, refused.subcode, http_status=401) from None


def _answer_error(error: GraphError) -> ResponseReturnValue:
    return jsonify(error.body()), error.http_status


def _check_account(world: World, node: str) -> None:
    if node not in ("me", world.account_id, world.scoped_id):
        raise _missing(node)


def _missing(node: str) -> GraphError:
    return GraphError(f"Unsupported request. Object with ID '{node}' does not exist or cannot be loaded", 100, 33)


class _Send:
    """POST /messages, with the scripted faults around it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def answer(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        _check_account(self._world, node)
        data = request.get_json(silent=True)
        if not isinstance(data, dict):
            raise GraphError("(#100) The body is not a JSON object", 100)
        customer = self._find_recipient(data)
        if data.get("sender_action") in SIGNALS:
            self._store.log("signal", customer.id, "", action=data["sender_action"])
            return jsonify(recipient_id=customer.id)
        fault = self._world.faults.take()
        if fault.shown():
            self._store.log("fault", customer.id, "", **fault.shown())
        answer = make_response(self._with_fault(fault, customer, data))
        answer.headers.update(_usage_headers(self._world.account_id, fault))
        return answer

    def _find_recipient(self, data: dict[str, Any]) -> Customer:
        recipient = data.get("recipient")
        if comment_id := _comment_id(data):
            return self._find_commenter(comment_id)
        wanted = recipient.get("id") if isinstance(recipient, dict) else None
        customer = self._store.find_customer(str(wanted)) if wanted else None
        if customer is None:
            self._store.log("send_refused", str(wanted or ""), "", code=100, subcode=2534014)
            raise GraphError("(#100) No matching user found", 100, 2534014)
        return customer

    def _find_commenter(self, comment_id: str) -> Customer:
        comment = self._world.reading.find_answerable(comment_id)
        customer = self._store.find_customer(comment.customer_id) if comment else None
        if customer is None:
            self._store.log("send_refused", "", "", code=100, subcode=2534025, comment=comment_id)
            raise GraphError("(#100) This comment cannot be replied to privately", 100, 2534025)
        return customer

    def _with_fault(self, fault: Fault, customer: Customer, data: dict[str, Any]) -> ResponseReturnValue:
        self._world.stopping.wait(fault.hang)
        if fault.refuse or fault.reset == "before":
            return _hang_up(with_reset=not fault.refuse)
        if fault.is_error:
            return self._refuse(fault, customer)
        accept = self._accept_reaction if "sender_action" in data else self._accept_message
        answer = {"recipient_id": customer.id, **accept(fault, customer, data)}
        self._world.stopping.wait(fault.accept_then_hang)
        if fault.reset == "after":
            return _hang_up(with_reset=True)
        if fault.accept_then_500:
            return _answer_error(GraphError("An unknown error occurred", 1, http_status=500))
        if fault.accept_then_broken_json:
            return Response('{"recipient_id": "', mimetype="application/json")
        return self._drip(answer, fault.drip) if fault.drip else jsonify(answer)

    def _drip(self, answer: dict[str, Any], pause_seconds: float) -> Response:
        """The answer, byte by byte."""
        raw = json.dumps(answer).encode()

        def drops() -> Iterator[bytes]:
            for byte in raw:
                self._world.stopping.wait(pause_seconds)
                yield bytes([byte])

        return Response(drops(), mimetype="application/json", headers={"Content-Length": str(len(raw))})

    def _refuse(self, fault: Fault, customer: Customer) -> ResponseReturnValue:
        status = fault.http_status or 400
        self._store.log("send_refused", customer.id, "", code=fault.code, subcode=fault.subcode, status=status)
        if not fault.code:
            return Response("<html>Sorry, something went wrong.</html>", status=status, mimetype="text/html")
        return _answer_error(GraphError(fault.message or "Scripted fault", fault.code, fault.subcode, status))

    def _accept_reaction(self, fault: Fault, customer: Customer, data: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Put the sign on the customer's message, or take it off; neither has an id nor an echo."""
        given = data.get("payload")
        payload: dict[str, Any] = given if isinstance(given, dict) else {}
        action, mid, sign = data["sender_action"], str(payload.get("message_id", "")), payload.get("reaction")
        with self._logged(customer):
            if action not in REACTIONS:
                raise GraphError("(#100) Param sender_action is none of its values", 100)
            message = self._store.find_message(mid)
            if message is None or message.customer_id != customer.id or (action == "react") != bool(sign):
                raise GraphError("(#100) The message or the reaction is invalid", 100)
            self._check_window(customer, data)
        self._store.log("reaction", customer.id, mid, action=action, reaction=sign)
        return {}

    @contextmanager
    def _logged(self, customer: Customer) -> Iterator[None]:
        """Note a refusal, in Meta's form."""
        try:
            yield
        except Refusal as refusal:
            self._store.log("send_refused", customer.id, "", code=100, subcode=0)
            raise GraphError(f"(#100) {refusal}", 100) from None
        except GraphError as error:
            self._store.log("send_refused", customer.id, "", code=error.code, subcode=error.subcode)
            raise

    def _accept_message(self, fault: Fault, customer: Customer, data: dict[str, Any]) -> dict[str, Any]:
        """Deliver to the customer's phone and tell it back as an echo; return the message's id."""
        with self._logged(customer):
            kind, content = read_content(data.get("message"))
            self._check_reply_to(customer, data)
            self._check_window(customer, data)
        at_ms = now_ms()
        mid = payloads.message_id(self._world.account_id, customer.id)
        text = str(content.get("text", ""))
        message = Message(mid, customer.id, "shop", kind, at_ms, text=text, url=url_of(data["message"]))
        echo = self._echo(fault, message, content)
        echoes = self._world.network.shape([echo] if echo else []) if fault.echo != "before" else [echo]
        shown = {"text": text, "tag": data.get("tag"), **_more_of(data)}
        ids = self._store.record([message], [one for one in echoes if one], "send_accepted", **shown)
        if comment_id := _comment_id(data):
            self._store.mark_replied(comment_id, at_ms)
        if fault.echo == "before":
            self._world.postman.post(self._store.get_webhook(ids[0]))
        self._world.postman.wake()
        return {"message_id": mid}

    def _check_reply_to(self, customer: Customer, data: dict[str, Any]) -> None:
        """A reply names a message of the same thread."""
        reply_to = data.get("reply_to")
        if reply_to is None:
            return
        message = self._store.find_message(str(reply_to.get("mid", ""))) if isinstance(reply_to, dict) else None
        if message is None or message.customer_id != customer.id:
            raise GraphError("(#100) Param reply_to[mid] is no message of this thread", 100)

    def _check_window(self, customer: Customer, data: dict[str, Any]) -> None:
        """Instagram lets an account write for 24 hours after the person did; a human, marked so, for seven days."""
        if _comment_id(data):
            return  # a private reply has a time of its own
        last_ms = self._store.last_customer_message_ms(customer.id)
        by_human = data.get("messaging_type") == "MESSAGE_TAG" and data.get("tag") == "HUMAN_AGENT"
        window_ms = HUMAN_AGENT_WINDOW_MS if by_human else WINDOW_MS
        if last_ms is None or now_ms() - last_ms > window_ms:
            raise GraphError("(#10) This message is sent outside of allowed window.", 10, 2534022)

    def _echo(self, fault: Fault, message: Message, content: dict[str, Any]) -> Webhook | None:
        if fault.echo == "none":
            return None
        body = payloads.envelope(
            self._world.account_id,
            self._world.account_id,
            message.customer_id,
            message.timestamp_ms,
            message.timestamp_ms,
            payloads.echo_message(message.mid, content),
        )
        delay_seconds = fault.echo_delay_seconds if fault.echo == "late" else ECHO_DELAY_SECONDS
        due_ms = message.timestamp_ms + round(delay_seconds * 1000)
        # Held until posted by hand: the postman must not post the early echo a second time.
        state = HELD if fault.echo in ("before", "held") else "waiting"
        return Webhook(message.customer_id, message.mid, "echo", payloads.encode(body), due_ms, state)


def _comment_id(data: dict[str, Any]) -> str:
    """The comment that a private reply answers; empty for every other message."""
    recipient = data.get("recipient")
    return str(recipient.get("comment_id") or "") if isinstance(recipient, dict) else ""


def _more_of(data: dict[str, Any]) -> dict[str, Any]:
    """What a checker may want to see beside the text, where there is any."""
    message = data.get("message") or {}
    more = {
        "reply_to": (data.get("reply_to") or {}).get("mid"),
        "quick_replies": [reply.get("title") for reply in message.get("quick_replies", [])],
        "attachment": message.get("attachment"),
    }
    return {name: value for name, value in more.items() if value}


def _usage_headers(account_id: str, fault: Fault) -> dict[str, str]:
    """The headers in which Meta says how much is used up."""
    headers = {}
    if fault.app_usage:
        headers["X-App-Usage"] = json.dumps({"call_count": fault.app_usage, "total_time": 1, "total_cputime": 1})
    if fault.business_usage or fault.regain_minutes:
        limit = {
            "type": "instagram",
            "call_count": fault.business_usage,
            "total_cputime": 1,
            "total_time": 1,
            "estimated_time_to_regain_access": fault.regain_minutes,
        }
        headers["X-Business-Use-Case-Usage"] = json.dumps({account_id: [limit]})
    if fault.retry_after:
        headers["Retry-After"] = str(fault.retry_after)
    return headers


def _hang_up(with_reset: bool) -> Response:
    """Cut the connection with no answer: by a TCP reset, or by a polite end."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        _cut(connection, with_reset)

    def nothing() -> Iterator[bytes]:
        # To the server the client has gone: it sends no header and logs nothing.
        raise ConnectionResetError("scripted fault")
        yield b""

    return Response(nothing())


def _cut(connection: socket.socket, with_reset: bool) -> None:
    """End the connection now, although the server still holds it.

    Its file descriptor is given to a socket that is at its end already. Closing the descriptor was considered: another
    thread could get the same number at once, and the server would write into a stranger's connection.
    """
    if with_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ours, theirs = socket.socketpair()
    theirs.close()
    os.dup2(ours.fileno(), connection.fileno())
    ours.close()


class _Read:
    """Profiles, posts and conversations."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def node(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        fields = split_fields(request.args.get("fields", "id"))
        return jsonify(only(fields, self._get(node, fields)))

    def media(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        _check_account(self._world, node)
        if self._world.access.script.hide_posts:
            return jsonify(data=[])
        return jsonify(self._world.reading.media())

    def conversations(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        _check_account(self._world, node)
        return jsonify(self._world.reading.conversations())

    def comments(self, version: str, node: str) -> ResponseReturnValue:  # noqa: ARG002
        if self._world.reading.find(node, {}) is None:
            raise _missing(node)
        return jsonify(self._world.reading.comments_of(node))

    def _get(self, node: str, fields: dict[str, str]) -> dict[str, Any]:
        if node in ("me", self._world.account_id, self._world.scoped_id):
            return self._page_view() if self._world.access.is_page_call() else self._account_view()
        if (customer := self._store.find_customer(node)) is not None:
            return self._customer_view(customer)
        if (found := self._world.reading.find(node, fields)) is not None:
            return found
        raise _missing(node)

    def _account_view(self) -> dict[str, Any]:
        return {
            "id": self._world.scoped_id,
            "user_id": self._world.account_id,
            "username": shop.USERNAME,
            "name": shop.NAME,
            "account_type": "BUSINESS",
            "profile_picture_url": self._world.media_url(AVATAR),
            "followers_count": 1384,
            "media_count": len(shop.POSTS) + len(self._store.own_posts()),
        }

    def _page_view(self) -> dict[str, Any]:
        """What a Page's token shows of itself."""
        linked = {"id": self._world.account_id, "username": shop.USERNAME, "name": shop.NAME}
        return {"id": PAGE_ID, "name": shop.NAME_EN, "instagram_business_account": linked}

    def _customer_view(self, customer: Customer) -> dict[str, Any]:
        """A profile is open to the account only once its owner has written."""
        if self._store.last_customer_message_ms(customer.id) is None:
            raise GraphError("(#230) User consent is required to access user profile", 230, http_status=403)
        return {
            "id": customer.id,
            "name": customer.name or None,
            "username": customer.username,
            "profile_pic": self._picture_of(customer),
            "follower_count": 210,
            "is_user_follow_business": True,
            "is_business_follow_user": False,
            "is_verified_user": False,
        }

    def _picture_of(self, customer: Customer) -> str | None:
        """One of a few faces, the same for ever; some people have none."""
        number = sum(map(ord, customer.id)) % (len(CUSTOMERS) + 1)
        return self._world.media_url(CUSTOMERS[number]) if number < len(CUSTOMERS) else None
