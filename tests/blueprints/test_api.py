"""The REST API: who may, what it answers, what it refuses, and that it says what it does."""

import base64
import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from rows import NOON, FreshClient, add_conversation, add_delivery, add_message, add_share
from sqlalchemy import create_engine

from pilito import database
from pilito.blueprints.api.openapi import DOCUMENT
from pilito.conversations.label import put_label
from pilito.conversations.labels import make_label
from pilito.database import transaction
from pilito.extensions import channels
from pilito.lifecycle import AssistantMode, ConversationState, DeliveryState, MessageType, Sender, ShareState
from pilito.models import ApiToken, Conversation, Delivery, Message, Reaction, db
from pilito.tokens import find_by_bearer, issue_token

LIST = "/api/v1/conversations"


@pytest.fixture
def client(app):
    return FreshClient(app)


@pytest.fixture
def token(app):
    with app.app_context():
        return issue_token("shop software", NOON)


@pytest.fixture
def call(client, token):
    """Send a request with the token."""

    def send(path, json=None, method=None, **options):
        method = method or ("GET" if json is None else "POST")
        return client.open(path, method=method, json=json, headers={"Authorization": f"Bearer {token}"}, **options)

    return send


@pytest.fixture
def conversation_id(app):
    """A conversation whose customer has just written."""
    with app.app_context(), transaction():
        now = datetime.now(UTC)
        row = add_conversation(last_message_at=now, last_customer_message_at=now, unread_count=1)
        add_message(row, text="این لباس چقدره؟", content="این لباس چقدره؟", sent_at=now)
        return row.id


def refusal(response):
    return response.status_code, response.get_json()["error"]["code"]


def schema(name):
    return set(DOCUMENT["components"]["schemas"][name]["properties"])


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Bearer pilito_wrong", "Basic cGlsaXRvOng=", "\x00"])
def test_without_a_known_token_nothing_is_told(client, conversation_id, header):
    response = client.get(LIST, headers={"Authorization": header} if header else {})

    assert refusal(response) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.sqlite_only
def test_a_request_that_only_reads_is_answered_while_others_write(app, call, monkeypatch):
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)
    with app.app_context():
        other = create_engine(db.engine.url)
        with other.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            beside_another_process = call(LIST)
        other.dispose()
        with transaction():
            found = []
            thread = threading.Thread(target=lambda: found.append(call(LIST)))
            thread.start()
            thread.join(10)

    assert (beside_another_process.status_code, found[0].status_code) == (200, 200)


def test_a_revoked_token_opens_nothing(app, call):
    with app.app_context(), transaction():
        db.session.query(ApiToken).one().revoked_at = NOON

    assert refusal(call(LIST)) == (401, "unauthorized")


def test_every_route_but_the_description_asks_for_a_token(app, client):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    open_endpoints = set()

    for rule in rules:
        method = "POST" if "POST" in rule.methods else "GET"
        if client.open(re.sub("<.*>", "1", rule.rule), method=method).status_code != 401:
            open_endpoints.add(rule.endpoint)

    assert open_endpoints == {"api.describe"}


def test_a_token_for_numbers_reads_sums_and_no_conversation_and_writes_to_nobody(app, client, conversation_id):
    with app.app_context():
        header = {"Authorization": f"Bearer {issue_token('prometheus', NOON, only_numbers=True)}"}
    opened = set()

    for rule in [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]:
        method, path = "POST" if "POST" in rule.methods else "GET", re.sub("<.*>", str(conversation_id), rule.rule)
        answer = client.open(path, method=method, headers=header, json={"text": "x", "client_id": "x"})
        if answer.status_code == 403:
            assert refusal(answer) == (403, "forbidden")
        else:
            opened.add((rule.endpoint, answer.status_code))

    far = {"headers": header, "environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    assert opened == {("api.describe", 200), ("api.show_stats", 200)}
    assert client.get("/metrics", **far).status_code == 200
    with app.app_context():
        assert db.session.query(Message).filter_by(sender=Sender.OPERATOR).count() == 0


def test_a_token_is_kept_as_a_hash_only(app, token):
    with app.app_context():
        row = db.session.query(ApiToken).one()

        assert token.startswith("pilito_")
        assert token not in str(vars(row))


def test_the_last_use_of_a_token_is_noted_once_a_minute(app, token):
    with app.app_context():
        noted = []
        for seconds in (0, 59, 60):
            find_by_bearer(token, NOON + timedelta(seconds=seconds))
            noted.append(db.session.query(ApiToken).populate_existing().one().last_used_at)

    assert noted == [NOON, NOON, NOON + timedelta(seconds=60)]


def test_a_change_needs_no_csrf_token_because_cookies_count_for_nothing(app, call, conversation_id):
    app.config["WTF_CSRF_ENABLED"] = True

    assert call(f"{LIST}/{conversation_id}/take-over", method="POST").status_code == 200


# --- what it answers -------------------------------------------------------------------------------------------------


def test_a_conversation_has_the_names_of_the_contract(app, call, conversation_id):
    shown = call(f"{LIST}/{conversation_id}").get_json()

    assert set(shown) == schema("Conversation")
    assert set(shown["customer"]) == schema("Customer")
    assert (shown["id"], shown["channel"], shown["state"]) == (conversation_id, "instagram", "assistant")


def test_a_conversation_tells_its_mode_and_whether_a_draft_waits(app, call):
    with app.app_context(), transaction():
        number = add_conversation(assistant_mode=AssistantMode.DRAFT, drafted_at=NOON).id

    shown = call(f"{LIST}/{number}").get_json()

    assert (shown["assistant_mode"], shown["has_draft"]) == ("draft", True)


def test_a_conversation_tells_its_labels_and_until_when_it_is_put_off(app, call):
    with app.app_context():
        with transaction():
            number = add_conversation(state=ConversationState.OPERATOR, snoozed_until=NOON).id
        for name in ("VIP", "فوری"):
            put_label(number, make_label(name, None, None, NOON), None, NOON)

    for shown in (call(f"{LIST}/{number}").get_json(), call(LIST).get_json()["data"][0]):
        assert (shown["labels"], shown["snoozed_until"]) == (["VIP", "فوری"], "2026-11-22T12:00:00.000Z")


def test_a_customer_who_is_being_erased_has_the_channels_id_and_no_mark(app, call, conversation_id):
    with app.app_context(), transaction():
        customer = db.session.get_one(Conversation, conversation_id).customer
        own = customer.external_id
        customer.external_id = customer.going_id + own

    for shown in (call(f"{LIST}/{conversation_id}").get_json(), call(LIST).get_json()["data"][0]):
        assert shown["customer"]["external_id"] == own


def test_the_window_closes_so_long_after_the_customer_as_the_channel_says(app, call):
    with app.app_context(), transaction():
        number = add_conversation(last_customer_message_at=NOON).id
        closes_at = NOON + channels["instagram"].reply_window

    shown = call(f"{LIST}/{number}").get_json()

    assert shown["window_closes_at"] == closes_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_no_window_closes_while_the_customer_has_not_written(app, call):
    with app.app_context(), transaction():
        number = add_conversation().id

    assert call(f"{LIST}/{number}").get_json()["window_closes_at"] is None


def test_pages_lead_through_all_conversations_and_end(app, call):
    with app.app_context(), transaction():
        made = [add_conversation(last_message_at=NOON + timedelta(seconds=n)).id for n in range(5)]

    seen, cursor = [], ""
    while cursor is not None:
        page = call(f"{LIST}?limit=2&cursor={cursor}").get_json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next"]

    assert seen == made[::-1]


def test_the_list_can_be_filtered(app, call, conversation_id):
    with app.app_context(), transaction():
        add_conversation()

    shown = call(f"{LIST}?state=assistant&unread=true&q=customer-").get_json()

    assert [row["id"] for row in shown["data"]] == [conversation_id]


def test_a_share_and_its_question_are_shown_with_their_bond(app, call):
    with app.app_context(), transaction():
        row = add_conversation()
        question = add_message(row, text="چنده؟", content="[CONTEXT: …]", sent_at=NOON + timedelta(seconds=9))
        add_share(row, ShareState.COMBINED, caption="Red dress", combined_with_id=question.id)
        number, question_id = row.id, question.id

    share, text = call(f"{LIST}/{number}/messages").get_json()["data"]

    assert set(share) == schema("Message")
    assert set(share["share"]) == schema("Share")
    assert share["share"] | {"state": "combined", "combined_with": question_id} == share["share"]
    assert (text["id"], text["text"], text["share"]) == (question_id, "چنده؟", None)
    assert text["sent_at"] == "2026-11-22T12:00:09.000Z"


def test_messages_are_paged_oldest_first(app, call):
    with app.app_context(), transaction():
        row = add_conversation()
        number, made = row.id, [add_message(row).id for _ in range(3)]

    first = call(f"{LIST}/{number}/messages?limit=2").get_json()
    second = call(f"{LIST}/{number}/messages?limit=2&cursor={first['next']}").get_json()

    assert [row["id"] for row in first["data"] + second["data"]] == made
    assert second["next"] is None


def test_an_unsent_message_shows_nothing_of_what_it_was(app, call):
    with app.app_context(), transaction():
        row = add_conversation()
        share = add_share(row, ShareState.EXPIRED, caption="secret")
        message = db.session.get(Message, share.message_id)
        message.text, message.content, message.deleted_at = "secret", "secret", NOON
        number = row.id

    response = call(f"{LIST}/{number}/messages")

    assert "secret" not in response.text
    assert (
        response.get_json()["data"][0] | {"text": "", "share": None, "deleted_at": "2026-11-22T12:00:00.000Z"}
        == (response.get_json()["data"][0])
    )


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["sent", "sent"], "sent"),
        (["sent", "pending"], "pending"),
        (["sending", "pending"], "sending"),
        (["unknown", "sending"], "unknown"),
        (["unknown", "failed"], "failed"),
    ],
)
def test_a_reply_in_parts_is_as_well_off_as_its_worst_part(app, call, states, shown):
    with app.app_context(), transaction():
        row = add_conversation()
        message = add_message(row, sender=Sender.OPERATOR, external_id=None)
        for position, state in enumerate(states):
            error = "user_unavailable" if state == "failed" else None
            add_delivery(message, DeliveryState(state), position=position, external_id=f"mid.{position}", error=error)
        number = row.id

    delivery = call(f"{LIST}/{number}/messages").get_json()["data"][0]["delivery"]

    error = "user_unavailable" if shown == "failed" else None
    assert delivery == {"state": shown, "external_id": "mid.0", "error": error}


# --- what it does ----------------------------------------------------------------------------------------------------


def test_a_reply_is_accepted_and_on_its_way(app, call, conversation_id):
    response = call(f"{LIST}/{conversation_id}/replies", {"text": "250 تومان", "client_id": "a1"})

    shown = response.get_json()
    assert response.status_code == 202
    assert set(shown) == schema("Message")
    assert (shown["sender"], shown["text"], shown["delivery"]["state"]) == ("operator", "250 تومان", "pending")


PICTURE = {"attachment": {"kind": "image", "url": "https://shop.example/a.png"}}


@pytest.mark.parametrize(
    ("body", "message_type", "kept"),
    [
        (
            {"text": "x", "quick_replies": [{"title": "yes", "payload": "y"}, {"kind": "phone"}]},
            "text",
            "quick_replies",
        ),
        (PICTURE, "image", "file"),
        ({"attachment": {"kind": "voice", "url": "https://shop.example/a.m4a"}}, "voice", "file"),
        ({"cards": [{"title": "x", "subtitle": "y", "buttons": [{"title": "z", "payload": "q"}]}]}, "product", "cards"),
        ({"like": True}, "like", "is_like"),
    ],
)
def test_a_reply_may_be_more_than_words(app, call, conversation_id, body, message_type, kept):
    response = call(f"{LIST}/{conversation_id}/replies", {**body, "client_id": "a1"})

    shown = response.get_json()
    assert response.status_code == 202, shown
    assert (set(shown), shown["message_type"]) == (schema("Message"), message_type)
    with app.app_context():
        (delivery,) = db.session.scalars(db.select(Delivery))
        assert list(delivery.payload) == [kept]


def test_a_reply_may_answer_or_mark_a_message_by_its_id(app, call, conversation_id):
    with app.app_context(), transaction():
        add_message(db.session.get_one(Conversation, conversation_id), external_id="mid-7")
    url = f"{LIST}/{conversation_id}/replies"

    answer = call(url, {"text": "yes", "reply_to": "mid-7", "client_id": "a1"}).get_json()
    mark = call(url, {"reaction": {"emoji": "❤"}, "reply_to": "mid-7", "client_id": "a2"}).get_json()

    assert answer["reply_to"] == mark["reply_to"] == "mid-7"
    assert mark["text"] == "❤"


def test_every_property_of_a_reply_is_read(call, conversation_id):
    wrong = dict.fromkeys(schema("Reply"), 7)

    for name, value in wrong.items():
        answer = call(f"{LIST}/{conversation_id}/replies", {"text": "x", "client_id": "x", name: value})
        assert refusal(answer)[0] == 422, name


def test_the_same_client_id_again_gives_the_same_reply(app, call, conversation_id):
    first = call(f"{LIST}/{conversation_id}/replies", {"text": "one", "client_id": "a1"}).get_json()
    again = call(f"{LIST}/{conversation_id}/replies", {"text": "one", "client_id": "a1"})

    assert (again.status_code, again.get_json()["id"]) == (202, first["id"])
    with app.app_context():
        assert db.session.query(Message).filter_by(sender=Sender.OPERATOR).count() == 1


def test_a_conversation_can_be_taken_over_given_back_and_closed(call, conversation_id):
    states = [
        call(f"{LIST}/{conversation_id}/{action}", method="POST").get_json()["state"]
        for action in ("take-over", "give-back", "close")
    ]

    assert states == ["operator", "assistant", "closed"]


def test_a_message_tells_its_reactions_edits_and_where_it_came_from(app, call, conversation_id):
    with app.app_context(), transaction():
        row = db.session.get(Conversation, conversation_id)
        row.reacted_at = NOON
        message = add_message(
            row, text="دو", edited_at=NOON, origin="standby", referral={"ad_title": "حراج"}, payload="P", sent_at=NOON
        )
        common = {"inbox_id": row.inbox_id, "conversation_id": row.id, "external_id": message.external_id, "at": NOON}
        db.session.add(Reaction(**common, by_shop=False, emoji="❤️", name="love", is_removed=False))
        db.session.add(Reaction(**common, by_shop=True, emoji="🙏", is_removed=True))

    shown = call(f"{LIST}/{conversation_id}/messages").get_json()["data"][0]

    assert set(shown) == schema("Message")
    assert shown["reactions"] == [{"by": "customer", "emoji": "❤️", "name": "love", "at": "2026-11-22T12:00:00.000Z"}]
    assert (shown["edited_at"], shown["origin"], shown["payload"]) == ("2026-11-22T12:00:00.000Z", "standby", "P")
    assert set(shown["referral"]) == schema("Referral")
    assert (shown["referral"]["ad_title"], shown["referral"]["ref"]) == ("حراج", None)


def test_kinds_of_messages_that_we_do_not_know_are_counted(app, call, conversation_id):
    with app.app_context(), transaction():
        row = db.session.get(Conversation, conversation_id)
        for word in ("hologram", "hologram", None):
            add_message(row, message_type=MessageType.OTHER, provider_type=word)
        add_message(row, message_type=MessageType.OTHER, provider_type="unsent", deleted_at=NOON)

    assert call("/api/v1/stats").get_json()["unknown_types"] == {"hologram": 2, "unknown": 1}


def test_stats_have_the_names_of_the_contract(call, conversation_id):
    shown = call("/api/v1/stats").get_json()

    assert set(shown) == schema("Stats")
    for name, part in DOCUMENT["components"]["schemas"]["Stats"]["properties"].items():
        assert set(shown[name]) == set(part.get("properties", shown[name]))


# --- what it refuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1e2",
        "limit=٥",
        "limit=" + "9" * 5000,
        "state=open",
        "inbox=x",
        "inbox=99999999999999999999",
        "unread=maybe",
        "q=%00",
        "q=" + "x" * 201,
        "cursor=!",
        "cursor=%F0%9F%92%A9",
        "cursor=" + "A" * 4000,
    ],
)
def test_an_argument_that_is_wrong_is_named(call, query):
    response = call(f"{LIST}?{query}")

    assert response.status_code == 422
    assert query.split("=")[0] in response.get_json()["error"]["message"]


@pytest.mark.parametrize(
    "plain", [b"", b".", b"1", b"-5.1", b"1.1.1", b"9" * 17 + b".1", b"1." + b"9" * 19, b"1.1\n", b"\xff"]
)
def test_a_cursor_that_was_changed_is_refused(call, plain):
    cursor = base64.urlsafe_b64encode(plain).decode().rstrip("=") or "="

    assert refusal(call(f"{LIST}?cursor={cursor}")) == (422, "invalid")


def test_the_largest_numbers_of_a_cursor_find_nothing_and_break_nothing(call, conversation_id):
    cursor = base64.urlsafe_b64encode(b"9" * 16 + b"." + b"9" * 18).decode().rstrip("=")

    shown = call(f"{LIST}/{conversation_id}/messages?cursor={cursor}")

    assert (shown.status_code, shown.get_json()) == (200, {"data": [], "next": None})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"text": "x"}, "invalid"),
        ({"client_id": "x"}, "invalid"),
        ({"text": 5, "client_id": "x"}, "invalid"),
        ({"text": "x", "client_id": 5}, "invalid"),
        ({"text": "x", "client_id": ""}, "invalid"),
        ({"text": "x", "client_id": "x" * 65}, "too_long"),
        ({"text": "x" * 20_001, "client_id": "x"}, "too_long"),
        ({"text": " \n", "client_id": "x"}, "empty"),
        ({"text": "a\0b", "client_id": "x"}, "invalid"),
        ({"text": "\ud83d", "client_id": "x"}, "invalid"),
        ({"text": "x", "client_id": "\udc00"}, "invalid"),
        (["text", "client_id"], "invalid_json"),
        *(
            ({"text": "x", "client_id": "x", **extras}, code)
            for extras, code in [
                ({"quick_replies": "yes"}, "invalid"),
                ({"quick_replies": [1]}, "invalid"),
                ({"quick_replies": [{"title": 1}]}, "invalid"),
                ({"quick_replies": [{"title": "yes"}] * 14}, "quick_replies_too_many"),
                ({"quick_replies": [{"title": "y" * 21}]}, "quick_reply_wrong"),
                ({"quick_replies": [{"title": "y", "payload": "\ud83d"}]}, "invalid"),
                ({"attachment": "https://shop.example/a.png"}, "invalid"),
                ({"attachment": {"kind": "image"}}, "invalid"),
                ({"attachment": {"kind": "image", "url": "http://shop.example/a.png"}}, "address_wrong"),
                ({"attachment": {"kind": "voice", "url": "https://shop.example/a.ogg"}}, "file_format"),
                ({"attachment": {"kind": "sticker", "url": "https://shop.example/a"}}, "file_format"),
                ({"cards": {}}, "invalid"),
                ({"cards": [{"subtitle": "x"}]}, "invalid"),
                ({"cards": [{"title": "x"}]}, "card_wrong"),
                ({"cards": [{"title": "x", "subtitle": "y"}] * 11}, "cards_too_many"),
                ({"cards": [{"title": "x", "buttons": [{"title": "y"}]}]}, "card_buttons_wrong"),
                ({"like": "yes"}, "invalid"),
                ({"reaction": {"emoji": "❤"}}, "invalid"),
                ({"reaction": "❤", "reply_to": "mid"}, "invalid"),
                ({"reply_to": 7}, "invalid"),
                ({"reply_to": "of nobody"}, "reply_to_unknown"),
            ]
        ),
    ],
)
def test_a_reply_that_cannot_be_kept_is_refused_and_not_stored(app, call, conversation_id, body, code):
    response = call(f"{LIST}/{conversation_id}/replies", body)

    assert refusal(response) == (422, code)
    with app.app_context():
        assert db.session.query(Message).filter_by(sender=Sender.OPERATOR).count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"text": ' + b"9" * 5000 + b"}", b"null"])
def test_a_body_that_is_not_json_is_refused(client, token, conversation_id, body):
    response = client.post(
        f"{LIST}/{conversation_id}/replies",
        data=body,
        headers={"Authorization": f"Bearer {token}"},
        content_type="application/json",
    )

    assert response.status_code == 422


def test_a_form_is_not_json(client, token, conversation_id):
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post(f"{LIST}/{conversation_id}/replies", data={"text": "x"}, headers=headers)

    assert refusal(response) == (415, "unsupported_media_type")


def test_a_body_beyond_the_limit_is_not_read(call, conversation_id):
    response = call(f"{LIST}/{conversation_id}/replies", {"text": "x" * 1024 * 1024, "client_id": "x"})

    assert refusal(response) == (413, "request_entity_too_large")


def test_a_reply_after_the_window_is_refused_with_its_reason(app, call):
    with app.app_context(), transaction():
        number = add_conversation(last_customer_message_at=NOON - timedelta(days=30)).id

    response = call(f"{LIST}/{number}/replies", {"text": "hello", "client_id": "x"})

    assert refusal(response) == (409, "window_closed")


@pytest.mark.parametrize("path", ["404", "404/messages", "9223372036854775807", "99999999999999999999", "x"])
def test_what_is_not_there_is_not_found(call, path):
    assert refusal(call(f"{LIST}/{path}")) == (404, "not_found")


@pytest.mark.parametrize("action", ["replies", "take-over", "give-back", "close"])
def test_no_verb_works_on_a_conversation_that_is_not_there(call, action):
    assert refusal(call(f"{LIST}/404/{action}", {"text": "x", "client_id": "x"})) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/conversations"])
def test_an_address_that_does_not_exist_is_refused_in_json(call, path):
    assert refusal(call(path)) == (404, "not_found")


def test_a_method_that_does_not_exist_is_refused_in_json_with_those_that_do(call):
    response = call(LIST, method="DELETE")

    assert refusal(response) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


def test_a_failure_of_ours_is_answered_in_json_and_tells_nothing_of_it(app, call, monkeypatch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("pilito.queries.summary.summary", lambda: 1 / 0)

    response = call("/api/v1/stats")

    assert refusal(response) == (500, "internal_server_error")
    assert "division" not in response.text


def test_a_database_away_is_answered_503(app, call, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def fail():
        raise OperationalError("SELECT secret", {}, Exception("no connection"))

    monkeypatch.setattr("pilito.queries.summary.summary", fail)

    response = call("/api/v1/stats")

    assert refusal(response) == (503, "service_unavailable")
    assert "secret" not in response.text


def test_two_who_do_the_same_at_once_are_told_so(app, call, monkeypatch):
    from sqlalchemy.exc import IntegrityError

    def fail():
        raise IntegrityError("INSERT secret", {}, Exception("unique"))

    monkeypatch.setattr("pilito.queries.summary.summary", fail)

    response = call("/api/v1/stats")

    assert refusal(response) == (409, "conflict")
    assert "secret" not in response.text


# --- what it says of itself ------------------------------------------------------------------------------------------


def test_the_description_names_every_route_and_no_other(app, client):
    described = client.get("/api/v1/openapi.json").get_json()["paths"]
    said = {(path, method.upper()) for path, item in described.items() for method in item if method != "parameters"}

    made = {
        (re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert said == made


def test_every_reference_of_the_description_leads_somewhere():
    for name in re.findall(r"'#/components/(\w+)/", str(DOCUMENT)):
        assert name in DOCUMENT["components"]
    for name in re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)):
        assert name in DOCUMENT["components"]["schemas"]


def test_answers_stay_out_of_caches(call):
    assert "no-store" in call(LIST).headers["Cache-Control"]
