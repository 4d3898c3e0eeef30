"""The bad days of the fake Instagram, and its limits, over real HTTP."""

import json
import sys
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent))
from fake_instagram_tools import Webhook, eventually, running, running_fake

from pilito.demo.meta_errors import NAMED

URL = "https://shop.example/a"


@pytest.fixture
def webhook():
    hook = Webhook()
    with running(hook.app()) as url:
        hook.url = f"{url}/webhooks/instagram"
        yield hook


@pytest.fixture
def fake(tmp_path, webhook):
    with running_fake(tmp_path / "demo.sqlite3", webhook.url) as fake:
        yield fake


@pytest.fixture
def customer(fake):
    return fake.customer()


@pytest.fixture
def waiting_customer(fake, webhook, customer):
    """A customer who has written, so that a reply is allowed."""
    fake.control("send", customer=customer, text="سلام")
    webhook.wait_for(1)
    return customer


def to(customer, message=None, **more):
    return {"recipient": {"id": customer}, **({"message": message} if message else {}), **more}


def of_file(kind, name=".png"):
    return {"attachment": {"type": kind, "payload": {"url": f"{URL}{name}"}}}


def of_cards(count, buttons=1, **payload):
    button = {"type": "web_url", "title": "خرید", "url": URL}
    elements = [{"title": "پیراهن", "buttons": [button] * buttons}] * count
    return {
        "attachment": {"type": "template", "payload": {"template_type": "generic", "elements": elements, **payload}}
    }


def of_quick_replies(count, title="بله", **more):
    reply = {"content_type": "text", "title": title, "payload": "yes", **more}
    return {"text": "کدام؟", "quick_replies": [reply] * count}


# What it takes

TAKEN = [
    {"text": "س" * 500},
    of_quick_replies(13),
    of_quick_replies(1, "ا" * 20),
    {"text": "؟", "quick_replies": [{"content_type": "user_phone_number"}]},
    of_file("image"),
    of_file("audio", ".m4a"),
    of_file("video", ".mp4"),
    of_file("file", ".pdf"),
    of_file("image", ""),
    of_cards(10, 3),
    {"attachment": {"type": "like_heart"}},
]
NOT_TAKEN = [
    {"text": "س" * 501},
    {"text": " "},
    {"text": "x", **of_file("image")},
    of_quick_replies(14),
    of_quick_replies(1, "ا" * 21),
    of_quick_replies(1, payload=""),
    of_quick_replies(1, content_type="location"),
    {"text": "x", "quick_replies": "x"},
    of_file("image", ".gif"),
    of_file("audio", ".ogg"),
    of_file("file", ".docx"),
    of_file("sticker"),
    {"attachment": {"type": "image", "payload": {"url": "http://shop.example/a.png"}}},
    {"attachment": {"type": "image"}},
    of_cards(0),
    of_cards(11),
    of_cards(1, 4),
    of_cards(1, template_type="list"),
]


def test_it_takes_what_meta_takes_and_echoes_it(fake, webhook, waiting_customer):
    answers = [fake.send(to(waiting_customer, message)) for message in TAKEN]

    assert [answer.status_code for answer in answers] == [200] * len(TAKEN)
    eventually(lambda: len(webhook.echoes()) == len(TAKEN))
    attachments = [echo.message.get("attachments", [{}])[0] for echo in webhook.echoes()]
    assert [one.get("type") for one in attachments if one] == [
        message["attachment"]["type"] for message in TAKEN if "attachment" in message
    ]
    assert not any(URL in json.dumps(one) for one in attachments if one.get("type") == "image")


def test_it_refuses_what_meta_refuses_and_nothing_reaches_the_customer(fake, waiting_customer):
    answers = [fake.send(to(waiting_customer, message)) for message in NOT_TAKEN]

    assert [answer.status_code for answer in answers] == [400] * len(NOT_TAKEN)
    assert {answer.json()["error"]["code"] for answer in answers} == {100}
    assert fake.log("send_accepted") == []
    assert len(fake.log("send_refused")) == len(NOT_TAKEN)


def test_a_reply_names_a_message_of_its_own_thread(fake, webhook, waiting_customer):
    mid = webhook.got[0].message["mid"]
    stranger = fake.customer()
    fake.control("send", customer=stranger, text="سلام")

    own = fake.send(to(waiting_customer, {"text": "بله"}, reply_to={"mid": mid}))
    foreign = fake.send(to(stranger, {"text": "بله"}, reply_to={"mid": mid}))

    assert own.ok
    assert foreign.status_code == 400
    assert fake.log("send_accepted")[0]["detail"]["reply_to"] == mid


def test_a_reaction_is_noted_and_is_no_message(fake, webhook, waiting_customer):
    mid = webhook.got[0].message["mid"]

    for action, payload in [("react", {"reaction": "❤"}), ("unreact", {})]:
        data = to(waiting_customer, sender_action=action, payload={"message_id": mid, **payload})
        assert fake.send(data).json() == {"recipient_id": waiting_customer}
    wrong = fake.send(to(waiting_customer, sender_action="react", payload={"message_id": mid}))

    assert wrong.status_code == 400
    assert [row["detail"]["action"] for row in fake.log("reaction")] == ["react", "unreact"]
    assert fake.log("send_accepted") == []


def test_signals_are_noted_and_take_no_fault(fake, waiting_customer):
    fake.faults(error="token_dead")

    assert fake.send(to(waiting_customer, sender_action="typing_on")).ok
    assert fake.log("signal")[0]["detail"] == {"action": "typing_on"}
    assert fake.reply(waiting_customer, "بله").status_code == 401


# What goes wrong


def test_every_error_of_meta_is_scripted_by_its_name(fake, waiting_customer):
    told = requests.get(f"{fake.url}/control/errors", timeout=20).json()["errors"]
    assert set(told) == set(NAMED)

    for name, expected in NAMED.items():
        fake.faults(error=name)
        answer = fake.reply(waiting_customer, "بله")
        error = answer.json()["error"]
        assert (error["code"], error.get("error_subcode", 0), answer.status_code) == expected[:3], name
    assert fake.log("send_accepted") == []


def test_a_name_that_is_none_is_refused_with_the_names_that_are(fake):
    answer = requests.post(f"{fake.url}/control/faults", json={"error": "gremlins"}, timeout=20)

    assert answer.status_code == 400
    assert "window_closed" in answer.json()["error"]["message"]


def test_usage_is_told_in_headers_of_good_and_of_bad_answers(fake, waiting_customer):
    fake.faults(app_usage=85, business_usage=99, regain_minutes=3)
    fake.faults(error="instagram_limit", retry_after=30, regain_minutes=2)

    good, bad, plain = (fake.reply(waiting_customer, "بله") for _ in range(3))

    assert good.ok
    assert json.loads(good.headers["X-App-Usage"])["call_count"] == 85
    (limits,) = json.loads(good.headers["X-Business-Use-Case-Usage"]).values()
    assert (limits[0]["call_count"], limits[0]["estimated_time_to_regain_access"]) == (99, 3)
    assert bad.headers["Retry-After"] == "30"
    assert "X-App-Usage" not in plain.headers


def test_an_answer_can_drip(fake, waiting_customer):
    fake.faults(drip=0.002)

    answer = fake.reply(waiting_customer, "بله")

    assert answer.json()["recipient_id"] == waiting_customer
    assert answer.elapsed.total_seconds() < 5
    assert len(fake.log("send_accepted")) == 1


def test_an_echo_can_be_held_until_it_is_released(fake, webhook, waiting_customer):
    fake.faults(echo="held")
    held = fake.reply(waiting_customer, "یک").json()
    free = fake.reply(waiting_customer, "دو").json()
    eventually(lambda: webhook.echoes())
    before = [echo.message["mid"] for echo in webhook.echoes()]

    fake.control("release")

    eventually(lambda: len(webhook.echoes()) == 2)
    assert before == [free["message_id"]]
    assert webhook.echoes()[1].message["mid"] == held["message_id"]


def test_every_webhook_can_be_posted_several_times(fake, webhook, customer):
    fake.control("network", copies=3)

    fake.control("send", customer=customer, text="سلام")

    first, *others = webhook.wait_for(3)
    assert [other.body for other in others] == [first.body] * 2


def test_every_webhook_can_be_held_and_released_in_an_order_that_can_be_repeated(fake, webhook, customer):
    fake.control("network", hold=True)
    for number in range(6):
        fake.control("send", customer=customer, text=str(number))
    fake.reply(customer, "بله")
    fake.control("network")
    fake.control("send", customer=customer, text="زود")
    webhook.wait_for(1)

    fake.control("release", order="shuffled", seed=7)

    came = [each.message["text"] for each in webhook.wait_for(8)]
    assert came[0] == "زود"
    assert sorted(came[1:]) == sorted([*"012345", "بله"])
    assert came[1:] != [*"012345", "بله"]


@pytest.mark.parametrize("weather", [{"copies": 51}, {"copies": "two"}, {"hold": "yes"}])
def test_a_weather_that_means_nothing_is_refused(fake, weather):
    assert requests.post(f"{fake.url}/control/network", json=weather, timeout=20).status_code == 400
