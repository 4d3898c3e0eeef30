"""The side of the fake that plays the customer: write, share, unsend, and disturb the network on the way."""

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from pilito.demo import payloads, shapes, shop
from pilito.demo.faults import parse_faults
from pilito.demo.graph import World
from pilito.demo.media import find_media, still_of
from pilito.demo.meta_errors import NAMED
from pilito.demo.network import COPIES_LIMIT, Weather, ordered
from pilito.demo.reading import COMMENT_SHAPES
from pilito.demo.store import HELD, WAITING, Customer, Full, Mark, Message, Webhook, now_ms
from pilito.money import digits

TEXT_LIMIT = 20_000
NAME_LIMIT = 80
STRANGE_PICTURE = "dress"  # of a post that is not the shop's
CAPTION_LIMIT = 2200  # Instagram's own
DELAY_LIMIT_SECONDS = 24 * 3600
CUSTOMERS_SHOWN = 50
MESSAGES_SHOWN = 200
LOG_SHOWN = 80
LOG_PAGE = 1000
ORDERS = ("given", "swapped", "shuffled")
KINDS = (*payloads.KINDS, *shapes.SHAPES)
EVENTS = ("react", "unreact", "edit", "seen", "opening", "taken", "opted_in", "warning")
EMOJI_LIMIT = 16
BATCH_LIMIT = 100

NAMES = (
    ("سارا احمدی", "Sara Ahmadi", "sara.ahmadi"),
    ("مریم رستگار", "Maryam Rastegar", "maryam_rst"),
    ("نگار شمس", "Negar Shams", "negar.shams"),
    ("آرش کیانی", "Arash Kiani", "arash.kiani"),
    ("الهام یوسفی", "Elham Yousefi", "elham_ysf"),
    ("پریسا مرادی", "Parisa Moradi", "parisa.moradi"),
    ("کاوه نوری", "Kaveh Nouri", "kaveh.nouri"),
    ("ترانه بهرامی", "Taraneh Bahrami", "taraneh.bhr"),
)


class Wrong(Exception):
    """A control call that cannot be done; the text says what was expected."""

    def __init__(self, message: str, http_status: int = 400, code: str = "bad_request") -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.code = code


@dataclass(frozen=True)
class Order:
    """One press of "send" on the phone, checked."""

    customer: Customer
    kind: str
    text: str
    post: shop.Post | None
    variant: str
    url: str
    timestamp_ms: int
    hold: bool
    delay_seconds: float
    twice: bool
    reply_to: str  # the message that it answers
    is_standby: bool  # told while another app holds the conversation


def create_control(world: World) -> Blueprint:
    control = Blueprint("control", __name__, url_prefix="/control")
    calls = _Control(world)
    control.register_error_handler(Wrong, _answer_wrong)
    control.register_error_handler(Full, lambda error: _answer_wrong(Wrong(str(error), 409, "full")))
    control.add_url_rule("/customers", "make_customer", calls.make_customer, methods=["POST"])
    control.add_url_rule("/send", "send", calls.send, methods=["POST"])
    control.add_url_rule("/batch", "batch", calls.batch, methods=["POST"])
    control.add_url_rule("/unsend", "unsend", calls.unsend, methods=["POST"])
    control.add_url_rule("/event", "event", calls.event, methods=["POST"])
    control.add_url_rule("/release", "release", calls.release, methods=["POST"])
    control.add_url_rule("/network", "set_network", calls.set_network, methods=["POST"])
    control.add_url_rule("/errors", "errors", _show_errors)
    control.add_url_rule("/faults", "add_faults", calls.add_faults, methods=["POST"])
    control.add_url_rule("/faults", "clear_faults", calls.clear_faults, methods=["DELETE"])
    control.add_url_rule("/lose", "lose", calls.lose, methods=["POST"])
    control.add_url_rule("/posts", "add_post", calls.add_post, methods=["POST"])
    control.add_url_rule("/comments", "comment", calls.comment, methods=["POST"])
    control.add_url_rule("/reset", "reset", calls.reset, methods=["POST"])
    control.add_url_rule("/state", "state", calls.state)
    control.add_url_rule("/log", "log", calls.log)
    return control


def _answer_wrong(error: Wrong) -> ResponseReturnValue:
    return jsonify(error={"code": error.code, "message": error.message}), error.http_status


def _show_errors() -> ResponseReturnValue:
    return jsonify(errors={name: error._asdict() for name, error in NAMED.items()})


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    # Customers

    def make_customer(self) -> ResponseReturnValue:
        data = _body()
        wanted = _text(data, "id", 32)
        if wanted and not wanted.isascii():
            raise Wrong("id: expected digits")
        if wanted and (known := self._store.find_customer(wanted)):
            return jsonify(customer=asdict(known))
        customer = self._new_customer(data, wanted)
        self._store.add_customer(customer)
        return jsonify(customer=asdict(customer)), 201

    def _new_customer(self, data: dict[str, Any], wanted_id: str) -> Customer:
        """Name a customer as asked, else by the next invented name."""
        count = self._store.count_customers()
        persian, english, username = NAMES[count % len(NAMES)]
        suffix = str(count // len(NAMES) + 1) if count >= len(NAMES) else ""
        language = "en" if data.get("language") == "en" else "fa"
        name = {"en": english, "fa": persian}[language]
        return Customer(
            id=wanted_id or str(1_000_000_000_000_000 + secrets.randbelow(9_000_000_000_000_000)),
            username=_text(data, "username", NAME_LIMIT) or username + suffix,
            name=_text(data, "name", NAME_LIMIT) or f"{name} {digits(suffix, language)}".strip(),
            created_ms=now_ms(),
        )

    def _get_customer(self, data: Any) -> Customer:
        customer_id = str(data.get("customer", ""))
        customer = self._store.find_customer(customer_id)
        if customer is None:
            raise Wrong(f"customer: nobody has the id {customer_id[:40]!r}", 404, "no_customer")
        return customer

    # Sending

    def send(self) -> ResponseReturnValue:
        order = self._read_order(_body())
        messages = self._compose(order)
        is_posted = self._world.access.is_subscribed("messages")
        hooks = [hook for each in messages for hook in self._webhooks_unless_lost(order, each)] if is_posted else []
        webhooks = self._world.network.shape(hooks)
        details = {"hold": order.hold, "delay_seconds": order.delay_seconds, "twice": order.twice}
        ids = self._store.record(messages, webhooks, "customer_sent", **details)
        self._world.postman.wake()
        mids = [message.mid for message in messages]
        return jsonify(mid=mids[0], mids=mids, webhooks=ids), 201

    def batch(self) -> ResponseReturnValue:
        """Several messages of one customer, told in one webhook."""
        data = _body()
        given = data.get("messages")
        if (
            not isinstance(given, list)
            or not 0 < len(given) <= BATCH_LIMIT
            or not all(isinstance(x, dict) for x in given)
        ):
            raise Wrong(f"messages: expected 1 to {BATCH_LIMIT} objects as for a send")
        common: dict[str, Any] = {
            name: data[name] for name in ("customer", "hold", "delay_seconds", "twice") if name in data
        }
        orders = [self._read_order({**each, **common}) for each in given]
        said = [(order, message) for order in orders for message in self._compose(order)]
        places = ordered(list(range(len(said))), _one_of(data, "order", ORDERS, "given"), 0)
        hooks = [self._webhooks(*said[place])[0] for place in places]
        mids = [message.mid for _, message in said]
        hook = replace(
            hooks[0],
            mid=payloads.BESIDE.join(hook.mid for hook in hooks),
            body=payloads.together(hook.body for hook in hooks),
        )
        messages, hooks = [message for _, message in said], [hook, hook] if orders[0].twice else [hook]
        ids = self._store.record(messages, self._world.network.shape(hooks), "customer_sent", batch=len(said))
        self._world.postman.wake()
        return jsonify(mids=mids, webhooks=ids), 201

    def _read_order(self, data: dict[str, Any]) -> Order:
        kind = _one_of(data, "kind", KINDS, "text")
        text = _text(data, "text", TEXT_LIMIT)
        if kind == "text" and not text:
            raise Wrong("text: expected something to send")
        default = "twin" if kind == "share" else "media"
        return Order(
            customer=self._get_customer(data),
            kind=kind,
            text=text,
            post=self._read_post(data) if kind in payloads.SHARE_KINDS else None,
            variant=_one_of(data, "variant", payloads.VARIANTS, default),
            url=_text(data, "url", 2000),
            timestamp_ms=int(_number(data, "timestamp_ms", 0, 10**14)) or now_ms(),
            hold=_flag(data, "hold"),
            delay_seconds=_number(data, "delay_seconds", 0, DELAY_LIMIT_SECONDS),
            twice=_flag(data, "twice"),
            reply_to=_text(data, "reply_to", 512),
            is_standby=_flag(data, "standby"),
        )

    def _read_post(self, data: dict[str, Any]) -> shop.Post:
        if caption := _text(data, "caption", CAPTION_LIMIT):
            return shop.strange_post(str(10**16 + secrets.randbelow(9 * 10**16)), caption)
        post_id = str(data.get("post_id", ""))
        post = shop.find_post(post_id)
        if post is None:
            raise Wrong(
                f"post_id: expected one of {', '.join(each.id for each in shop.POSTS)}, but it is {post_id[:40]!r}"
            )
        return post

    def _compose(self, order: Order) -> list[Message]:
        """One message; a share with words typed under it is two, the share first, as on Instagram."""
        first = Message(
            mid=payloads.message_id(self._world.account_id, order.customer.id),
            customer_id=order.customer.id,
            sender="customer",
            kind=order.kind,
            timestamp_ms=order.timestamp_ms,
            text=self._text_of(order),
            post_id=order.post.id if order.post else "",
            url=order.url or self._url_of(order),
        )
        if order.post is None or not order.text:
            return [first]
        mid = payloads.message_id(self._world.account_id, order.customer.id)
        return [first, Message(mid, order.customer.id, "customer", "text", order.timestamp_ms + 1, order.text)]

    def _text_of(self, order: Order) -> str:
        if order.kind == "link" and order.post:
            return order.post.permalink
        if order.kind in shapes.SHAPES:
            return order.text or shapes.DEFAULT_TEXTS.get(order.kind, "")
        return order.text if order.kind == "text" else ""

    def _url_of(self, order: Order) -> str:
        if order.post:
            return self._world.media_url(f"{order.post.id or STRANGE_PICTURE}.jpg")
        if order.kind in payloads.FILE_KINDS:
            return self._world.media_url(payloads.FILE_KINDS[order.kind][1])
        if order.kind in shapes.PICTURES:
            return self._world.media_url(shapes.PICTURES[order.kind])
        return ""

    def _webhooks_unless_lost(self, order: Order, message: Message) -> list[Webhook]:
        if self._world.reading.takes_loss():
            self._store.log("webhook_lost", message.customer_id, message.mid)
            return []
        return self._webhooks(order, message)

    def _webhooks(self, order: Order, message: Message) -> list[Webhook]:
        place = "standby" if order.is_standby else "messaging"
        body = self._told(message.customer_id, message.timestamp_ms, self._said(order, message), place)
        due_ms = now_ms() + round(order.delay_seconds * 1000)
        hook = Webhook(message.customer_id, message.mid, "message", body, due_ms, HELD if order.hold else WAITING)
        return [hook, hook] if order.twice else [hook]

    def _said(self, order: Order, message: Message) -> payloads.Json:
        if message.kind in shapes.SHAPES:
            return shapes.SHAPES[message.kind](shapes.Parts(message.mid, message.text, self._world.media_url))
        content = self._content(order, message)
        return {"message": {**content, **({"reply_to": {"mid": order.reply_to}} if order.reply_to else {})}}

    def _content(self, order: Order, message: Message) -> payloads.Json:
        if message.kind == "text":
            return payloads.text_message(message.mid, message.text)
        if order.post:
            return payloads.share_message(message.mid, order.kind, order.variant, order.post, message.url)
        if order.kind in payloads.FILE_KINDS:
            return payloads.file_message(message.mid, order.kind, message.url)
        if order.kind == "like_heart":
            return payloads.like_message(message.mid)
        return payloads.unsupported_message(message.mid)

    def _told(self, customer_id: str, timestamp_ms: int, said: payloads.Json, place: str = "messaging") -> bytes:
        account_id = self._world.account_id
        return payloads.encode(
            payloads.event_envelope(account_id, customer_id, account_id, timestamp_ms, now_ms(), said, place)
        )

    def unsend(self) -> ResponseReturnValue:
        data = _body()
        customer = self._get_customer(data)
        message = self._store.find_message(str(data.get("mid", "")))
        if message is None or message.customer_id != customer.id or message.sender != "customer":
            raise Wrong("mid: expected a message of this customer", 404, "no_message")
        at_ms = now_ms()
        body = self._told(customer.id, at_ms, {"message": payloads.unsend_message(message.mid)})
        hooks = self._world.network.shape([Webhook(customer.id, message.mid, "unsend", body, at_ms)])
        done = self._store.unsend(message, hooks[0], at_ms)
        self._world.postman.wake()
        return jsonify(mid=message.mid, unsent=done)

    # Around messages

    def event(self) -> ResponseReturnValue:
        """A reaction, an edit, "seen", a tap on an advertisement: told to Pilito as Instagram does."""
        data = _body()
        customer = self._get_customer(data)
        webhook_id = getattr(self, f"_{_one_of(data, 'kind', EVENTS, '')}")(customer, data)
        self._world.postman.wake()
        return jsonify(webhook=webhook_id), 201

    def _react(self, customer: Customer, data: dict[str, Any]) -> int:
        message = self._get_message(customer, data)
        emoji = _text(data, "emoji", EMOJI_LIMIT) or "❤️"
        mark = Mark(emoji, self._mark_of(message).edits)
        return self._happen(message, "reaction", shapes.react(message.mid, emoji), mark)

    def _unreact(self, customer: Customer, data: dict[str, Any]) -> int:
        message = self._get_message(customer, data)
        return self._happen(message, "reaction", shapes.unreact(message.mid), Mark("", self._mark_of(message).edits))

    def _edit(self, customer: Customer, data: dict[str, Any]) -> int:
        message = self._get_message(customer, data)
        text = _text(data, "text", TEXT_LIMIT)
        if message.sender != "customer" or not text:
            raise Wrong("edit: expected a message of this customer and its new text")
        old = self._mark_of(message)
        said = shapes.edit(message.mid, text, old.edits + 1)
        return self._happen(message, "edit", said, Mark(old.emoji, old.edits + 1), text)

    def _seen(self, customer: Customer, _data: dict[str, Any]) -> int:
        ours = [one for one in self._store.messages(customer.id, MESSAGES_SHOWN) if one.sender != "customer"]
        if not ours:
            raise Wrong("seen: expected a reply of the shop, but there is none yet", 409, "no_reply")
        return self._happen(ours[-1], "seen", shapes.seen(ours[-1].mid))

    def _opening(self, customer: Customer, _data: dict[str, Any]) -> int:
        said = {"referral": shapes.ad_referral(self._world.media_url)}
        return self._happen(Message("", customer.id, "customer", "opening", now_ms()), "referral", said)

    def _taken(self, customer: Customer, _data: dict[str, Any]) -> int:
        return self._happen(Message("", customer.id, "customer", "taken", now_ms()), "handover", shapes.taken())

    def _opted_in(self, customer: Customer, _data: dict[str, Any]) -> int:
        return self._happen(Message("", customer.id, "customer", "opted_in", now_ms()), "optin", shapes.opted_in())

    def _warning(self, customer: Customer, _data: dict[str, Any]) -> int:
        return self._happen(Message("", customer.id, "customer", "warning", now_ms()), "warning", shapes.warning())

    def _happen(
        self,
        message: Message,
        event: str,
        said: payloads.Json,
        mark: Mark | None = None,
        text: str | None = None,
    ) -> int:
        at_ms = now_ms()
        body = self._told(message.customer_id, at_ms, said)
        return self._store.happen(Webhook(message.customer_id, message.mid, event, body, at_ms), mark, text)

    def _get_message(self, customer: Customer, data: dict[str, Any]) -> Message:
        message = self._store.find_message(str(data.get("mid", "")))
        if message is None or message.customer_id != customer.id or message.unsent_ms is not None:
            raise Wrong("mid: expected a message of this conversation", 404, "no_message")
        return message

    def _mark_of(self, message: Message) -> Mark:
        return self._store.marks([message.mid]).get(message.mid, Mark())

    # Posts and comments

    def lose(self) -> ResponseReturnValue:
        count = _body().get("count", 1)
        if not isinstance(count, int) or not 0 <= count <= 10_000:
            raise Wrong("count: expected a number from 0 to 10000")
        return jsonify(losing=self._world.reading.lose(count))

    def add_post(self) -> ResponseReturnValue:
        data = _body()
        post = self._world.reading.add_post(
            caption=_text(data, "caption", TEXT_LIMIT),
            is_reel=_flag(data, "is_reel"),
            media_id=_text(data, "media_id", 64),
            code=_text(data, "code", 64),
        )
        return jsonify(post=post), 201

    def comment(self) -> ResponseReturnValue:
        data = _body()
        customer = self._get_customer(data)
        media_id = _text(data, "media_id", 64) or self._read_post(data).media_id
        shape = _one_of(data, "shape", COMMENT_SHAPES, "instagram")
        at_ms = int(_number(data, "timestamp_ms", 0, 10**14)) or now_ms()
        comment, body = self._world.reading.comment(customer, media_id, _text(data, "text", TEXT_LIMIT), shape, at_ms)
        due_ms = now_ms() + round(_number(data, "delay_seconds", 0, DELAY_LIMIT_SECONDS) * 1000)
        state = HELD if _flag(data, "hold") else WAITING
        hook = Webhook(customer.id, comment.id, "comment", body, due_ms, state)
        copies = (2 if _flag(data, "twice") else 1) if self._world.access.is_subscribed("comments") else 0
        ids = [self._store.add_webhook(hook) for _ in range(copies)]
        self._world.postman.wake()
        return jsonify(comment=asdict(comment), webhooks=ids), 201

    def release(self) -> ResponseReturnValue:
        data = _body()
        order = _one_of(data, "order", ORDERS, "given")
        held = self._store.held(str(data["customer"]) if data.get("customer") else None)
        seed = int(_number(data, "seed", 0, 2**31))
        count = self._store.release(ordered(held, order, seed), now_ms())
        self._world.postman.wake()
        return jsonify(released=count)

    def set_network(self) -> ResponseReturnValue:
        """What is not named is as it was at the start."""
        data = _body()
        copies = int(_number(data, "copies", 0, COPIES_LIMIT)) or 1
        return jsonify(self._world.network.set(Weather(_flag(data, "hold"), copies)))

    # Faults

    def add_faults(self) -> ResponseReturnValue:
        try:
            count = self._world.faults.add(parse_faults(request.get_json(silent=True)))
        except ValueError as error:
            raise Wrong(str(error)) from None
        return jsonify(waiting=count), 201

    def clear_faults(self) -> ResponseReturnValue:
        self._world.faults.clear()
        return jsonify(waiting=0)

    def reset(self) -> ResponseReturnValue:
        _body()
        self._world.faults.clear()
        self._world.access.restore()
        self._world.reading.lose(0)
        self._world.network.set(Weather())
        with self._world.postman.at_rest():  # a webhook of the old world must not reach the new one
            self._store.reset()
        return jsonify(reset=True)

    # Reading

    def state(self) -> ResponseReturnValue:
        """What the phone shows; `known` is the version the page has: nothing more is sent when it is still true."""
        version = self._store.version
        if request.args.get("known", "") == str(version):
            return jsonify(version=version, unchanged=True, now_ms=now_ms())
        customer = self._store.find_customer(request.args.get("customer", ""))
        return jsonify(
            version=version,
            now_ms=now_ms(),
            customers=[asdict(each) for each in self._store.customers(CUSTOMERS_SHOWN)],
            customer=asdict(customer) if customer else None,
            messages=self._messages(customer) if customer else [],
            held=len(self._store.held(customer.id)) if customer else 0,
            pending=self._store.pending_webhooks(),
            faults=self._world.faults.waiting(),
            log=self._store.log_tail(customer.id, LOG_SHOWN) if customer else [],
        )

    def _messages(self, customer: Customer) -> list[dict[str, Any]]:
        messages = self._store.messages(customer.id, MESSAGES_SHOWN)
        mids = [message.mid for message in messages]
        hooks, marks = self._store.webhooks_of(customer.id, mids), self._store.marks(mids)
        return [
            _shown_message(message, hooks.get(message.mid, []), marks.get(message.mid, Mark())) for message in messages
        ]

    def log(self) -> ResponseReturnValue:
        after = request.args.get("after", 0, type=int)
        limit = min(max(request.args.get("limit", LOG_PAGE, type=int), 1), LOG_PAGE)
        rows = self._store.log_after(after, request.args.get("customer"), limit)
        return jsonify(data=rows, next=rows[-1]["id"] if len(rows) == limit else None)


def _shown_message(message: Message, hooks: list[Webhook], mark: Mark) -> dict[str, Any]:
    path = still_of(message.url.rpartition("/media/")[2])
    return {
        "mid": message.mid,
        "from": message.sender,
        "kind": message.kind,
        "text": message.text,
        "post_id": message.post_id,
        "media": path if find_media(path) else "",
        # What the shop sent lies with Pilito, whose page the phone is: it loads from no other host.
        "sent_file": urlsplit(message.url).path if message.sender == "shop" else "",
        "timestamp_ms": message.timestamp_ms,
        "unsent": message.unsent_ms is not None,
        "emoji": mark.emoji,
        "edited": mark.edits > 0,
        "delivery": [_shown_delivery(hook) for hook in hooks],
    }


def _shown_delivery(hook: Webhook) -> dict[str, Any]:
    return {"state": hook.state, "due_ms": hook.due_ms, "attempts": hook.attempts, "status": hook.status}


def _body() -> dict[str, Any]:
    """The call's JSON object. No other content type is read, so that no foreign web page can post here."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Wrong("expected a JSON object with Content-Type application/json")
    return data


def _text(data: dict[str, Any], name: str, limit: int) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str) or len(value) > limit:
        raise Wrong(f"{name}: expected a text of at most {limit} characters")
    return value.strip()


def _number(data: dict[str, Any], name: str, low: float, high: float) -> float:
    value = data.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Wrong(f"{name}: expected a number from {low:g} to {high:g}")
    return value


def _flag(data: dict[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise Wrong(f"{name}: expected true or false")
    return value


def _one_of(data: dict[str, Any], name: str, values: tuple[str, ...], default: str) -> str:
    value = data.get(name) or default
    if value not in values:
        raise Wrong(f"{name}: expected one of {', '.join(values)}")
    return str(value)
