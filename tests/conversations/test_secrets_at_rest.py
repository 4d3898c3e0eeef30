"""Every secret that Pilito keeps or is given, while all of them are in use: none can be read where it rests.

The shop is connected both ways, sends, is refused with the token in the refusal, has its catalogue read, invites and
mails; people have a second step and machines a token. Then the secrets are looked for in every column of every table,
in the files of SQLite, in Redis, in the lines of the log, in what the API says, and in the export of a customer.
"""

import base64
import json
import logging
import re
import threading
import zlib
from pathlib import Path

import pyotp
import pytest
from cryptography.fernet import Fernet
from desk import Desk
from rows import FreshClient, add, add_operator, everything, everything_in_redis
from shop import ACCOUNT, seconds, text, webhook

from pilito import mail
from pilito.clock import utc_now
from pilito.conversations.account import open_account
from pilito.conversations.connect import connect
from pilito.conversations.export import export_customer
from pilito.conversations.rotate_keys import KeyState, key_state
from pilito.database import is_sqlite, transaction
from pilito.factory import bind_services
from pilito.knowledge.connect_feed import connect_feed
from pilito.knowledge.feeds import Shop as FeedShop
from pilito.lifecycle import AssistantMode, DeliveryState, InboxState, Role, SourceKind
from pilito.models import Audit, Customer, Delivery, Inbox, Mail, Operator, db
from pilito.people import second_step
from pilito.people.links import invite, offer_password
from pilito.people.team import OwnPassword
from pilito.tokens import issue_token

PAGE = "102030405060708"
GIVEN = {
    "the token of an Instagram log-in": "IGAAkanarienvogel0123456789",
    "the token of a Facebook page": "EAABzeisig0123456789",
    "the app secret": "an app secret that sings, long enough",
    "the word of the webhook": "a verify token that sings, long enough",
    "the key of the model": "sk-stieglitz-0123456789",
    "the key of the second model": "sk-girlitz-0123456789",
    "the key of the bucket": "a key of a bucket that sings",
    "the key of cookies": "a session key that sings, long enough",
    "the key of a feed": "ck_rotkehlchen0123456789",
    "the secret of a feed": "cs_zaunkoenig0123456789",
}
SETTINGS = {
    "instagram_app_secret": [GIVEN["the app secret"]],
    "instagram_verify_token": GIVEN["the word of the webhook"],
    "openai_api_key": GIVEN["the key of the model"],
    "openai_fallback_api_key": GIVEN["the key of the second model"],
    "media_s3_secret_key": GIVEN["the key of the bucket"],
    "secret_key": GIVEN["the key of cookies"],
}
FEED = FeedShop("https://feed.shop.test", GIVEN["the key of a feed"], GIVEN["the secret of a feed"])


def where_it_rests(app, lines):
    """Every place by name, with all that it holds, as one text."""
    db.session.rollback()
    yield "a table", everything()
    if is_sqlite():
        path = Path(db.engine.url.database)
        for file in path.parent.glob(f"{path.name}*"):
            yield file.name, file.read_bytes().decode("latin-1")
    held = [part for key, values in everything_in_redis(app.extensions["pilito_redis"]) for part in (key, *values)]
    yield "Redis", "\n".join(part.decode("latin-1") for part in held)
    yield "the log", "\n".join(lines)


def said_by_the_api(app, token):
    """Every answer to a GET; the address of a conversation is that of the first."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.") and "GET" in rule.methods]
    paths = {re.sub("<.*?>", "1", rule.rule) for rule in rules if rule.arguments <= {"conversation_id"}}
    client = FreshClient(app)
    answers = [client.get(path, headers={"Authorization": f"Bearer {token}"}) for path in sorted(paths)]
    assert [answer.status_code for answer in answers] == [200] * len(paths), paths
    assert len(answers) > 5
    return "\n".join(answer.text for answer in answers)


def forms_of(secret):
    raw = secret.encode()
    return {secret, base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), raw.hex()}


def found(secrets, places):
    return {
        (name, place) for place, content in places for name, secret in secrets.items()
        for form in forms_of(secret) if form in content
    }  # fmt: skip


def test_what_lies_anywhere_is_found(app, lines):
    """Else the next test would show nothing."""
    with transaction():
        add(Audit(at=utc_now(), action="noted", details={"said": "kanarienvogel"}))
    app.extensions["pilito_redis"].hset("pilito:a hash", "field", zlib.compress(base64.b64encode(b"kanarienvogel")))
    logging.getLogger("pilito").warning("A %s", "kanarienvogel")

    places = {place for _, place in found({"bird": "kanarienvogel"}, where_it_rests(app, lines))}

    assert {"a table", "Redis", "the log"} <= places
    assert not is_sqlite() or any("sqlite" in place for place in places)


def test_no_secret_can_be_read_where_it_rests_whatever_is_going_on(make_shop, mailbox, lines, monkeypatch):
    monkeypatch.setattr("pilito.knowledge.feeds.PAUSE_SECONDS", 0.0)  # nobody answers at the feed
    shop = make_shop(**SETTINGS, smtp_url=f"smtp://{mailbox.url}", mail_from="inbox@shop.test")
    app, shop.secret, now, made = shop.app, GIVEN["the app secret"], utc_now(), {}
    connect("instagram", "Shop", ACCOUNT, GIVEN["the token of an Instagram log-in"], {}, AssistantMode.AUTO, now)
    page = {"login": "facebook", "page_id": PAGE}
    connect("instagram", "Page", PAGE, GIVEN["the token of a Facebook page"], page, AssistantMode.AUTO, now)
    connect_feed(SourceKind.WOOCOMMERCE, None, FEED, None, None, now)
    with transaction():
        owner = add_operator(Role.OWNER)
        made["a session"] = owner.get_id()
        owner_id = owner.id
    made["the secret of a second step"] = second_step.offer_secret(OwnPassword(owner_id, "!", None), now)
    code = pyotp.TOTP(made["the secret of a second step"]).at(now)
    made |= {f"recovery code {code}": code for code in second_step.confirm(owner_id, None, code, now)}
    made["a token of the API"] = issue_token("robot", now, owner_id)
    made["an invitation"], _ = invite("sara@shop.test", Role.AGENT, owner_id, lambda token: ("Come", token), now)
    made["a new password"], _ = offer_password(owner_id, None, lambda token: ("Password", token), now)
    secrets = GIVEN | made
    assert found(secrets, where_it_rests(app, lines)) == set()  # while the mails wait
    asked = shop.graph.answer
    seen = []
    shop.graph.answer = lambda path, payload, headers: seen.append(str(headers)) or asked(path, payload, headers)

    shop.post(webhook(text("چنده؟", now, mid="one")))
    shop.post(webhook(text("چنده؟", now, mid="two", account=PAGE, customer="6002"), account=PAGE))
    shop.work()
    told = f"token {GIVEN['the token of an Instagram log-in']} may not, nor {GIVEN['the key of the model']}"
    shop.graph.script = [(400, {"error": {"code": 100, "message": told}})]
    shop.model.script = [(401, {"error": {"message": told}})]
    shop.post(webhook(text("و این؟", now + seconds(1), mid="three")))
    shop.work()

    assert len(shop.graph.sent) >= 2
    assert {mail["To"] for mail in mailbox.mails} >= {"sara@shop.test"}
    for way in ("an Instagram log-in", "a Facebook page"):  # both were used
        assert any(GIVEN[f"the token of {way}"] in one for one in seen)
    customer = db.session.scalar(db.select(Customer.id).limit(1))
    places = [
        *where_it_rests(app, lines),
        ("the API", said_by_the_api(app, made["a token of the API"])),
        ("an export", json.dumps(export_customer(customer), default=str)),
        ("the settings", repr(app.extensions["pilito_settings"])),
    ]
    assert found(secrets, places) == set()


# --- keys ------------------------------------------------------------------------------------------------------------

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def keyed(make_shop, make_settings, graph_line, model_line):
    """A shop whose secrets lie under OLD; `keyed.use(keys)` gives the running process others."""
    shop = make_shop(encryption_keys=[OLD])
    desk = Desk(shop)

    def use(*keys):
        urls = dict.fromkeys(("instagram_graph_url", "facebook_graph_url"), graph_line.url)
        bind_services(shop.app, make_settings(**urls, openai_base_url=model_line.url, encryption_keys=list(keys)))

    desk.use = use
    return desk


def states():
    db.session.rollback()
    inboxes = db.session.scalars(db.select(Inbox).order_by(Inbox.id).execution_options(populate_existing=True))
    return [key_state(inbox) for inbox in inboxes]


def test_keys_are_rotated_under_traffic_and_everything_goes_on(keyed):
    """One thread has questions answered and sent by each account, one connects an account again and again, and one
    turns the keys meanwhile, by the command."""
    desk, now = keyed, utc_now()
    accounts = [f"1784140000000{number:04}" for number in range(8)]
    for account in accounts:
        connect("instagram", "Shop", account, f"token-{account}", {}, AssistantMode.AUTO, now)
    with transaction():
        person = add_operator(Role.OWNER).id
    secret = second_step.offer_secret(OwnPassword(person, "!", None), now)
    with transaction():
        add(Mail(recipient="a@shop.test", content_encrypted=Fernet(OLD).encrypt(b"words"), due_at=now, created_at=now))
    desk.use(NEW, OLD)
    assert set(states()) == {KeyState.OLD}
    has_begun = threading.Event()

    def send():
        for number, account in enumerate([*accounts, *accounts]):
            where = {"customer": f"6{number:04}", "account": account}
            body = webhook(text("چنده؟", now, mid=f"m{number}", **where), account=account)
            desk.take(json.dumps(body).encode(), now=now)
            desk.answer(now)
            desk.deliver(now)
            has_begun.set()

    def turn():
        assert has_begun.wait(20)
        return [desk.app.test_cli_runner().invoke(args=["rotate-keys"]).exit_code for _ in range(3)]

    def connect_again():
        for _ in range(4):
            connect("instagram", "Shop", accounts[0], "token-anew", {}, AssistantMode.AUTO, now)

    ends = desk.together(send, turn, connect_again)

    assert ends == [None, [0, 0, 0], None]
    assert len(desk.graph.sent) == 2 * len(accounts)
    assert {one.state for one in desk.rows(Delivery)} == {DeliveryState.SENT}
    assert set(states()) == {KeyState.FIRST}
    desk.use(NEW)  # the old key can be taken away
    tokens = {one.external_id: open_account(one).token for one in desk.rows(Inbox)}
    assert [tokens[account] for account in accounts] == ["token-anew", *(f"token-{one}" for one in accounts[1:])]
    assert second_step.offered_secret(db.session.get_one(Operator, person), None, now) == secret
    assert Fernet(NEW).decrypt(desk.rows(Mail)[0].content_encrypted) == b"words"


@pytest.mark.sqlite_only
def test_with_a_wrong_key_the_inbox_rests_what_comes_is_kept_and_nothing_breaks(keyed, lines):
    desk, now = keyed, utc_now()
    with transaction():
        person = add_operator(Role.OWNER).id
        add(Mail(recipient="a@shop.test", content_encrypted=Fernet(OLD).encrypt(b"{}"), due_at=now, created_at=now))
    second_step.offer_secret(OwnPassword(person, "!", None), now)
    desk.use(FOREIGN)

    desk.shop.post(webhook(text("چنده؟", now, mid="m")))
    desk.shop.work()
    mail.send(desk.rows(Mail)[0].id, now)

    [inbox] = desk.rows(Inbox)
    assert (inbox.state, inbox.stop_reason) == (InboxState.STOPPED, "token_unreadable")
    assert desk.message("m").text == "چنده؟"
    assert [one.state for one in desk.deliveries] == [DeliveryState.PENDING]
    assert desk.rows(Mail)[0].error == "unreadable"
    assert not second_step.check_code(person, "000000", now)
    assert not [line for line in lines if "Traceback" in line]
    shown = desk.app.test_cli_runner().invoke(args=["doctor"]).output
    assert "put the key it was stored with back" in shown or "no key" in shown, shown

    desk.use(OLD)  # the right one again, and connected anew
    connect("instagram", "Shop", ACCOUNT, "a-token", {}, AssistantMode.AUTO, now)
    desk.sweep(utc_now() + seconds(60))
    desk.shop.work()
    assert desk.graph.texts == ["در همین پست نوشته‌ایم."]
