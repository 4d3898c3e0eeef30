"""The panel in a real browser: what arrives while one looks, what one writes, and a line that breaks and returns."""

import subprocess
from datetime import timedelta

import pytest
from chromium_page import PHONE, SMALL, ago, needs_chromium, over_the_edge, talk
from playwright.sync_api import expect
from postgres import wait_for
from redis import Redis
from rows import add
from samples import JPEG, WAV
from shop import reel, text, webhook

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.embedded_redis import find_binary
from pilito.factory import bind_services
from pilito.jobs import inbound
from pilito.knowledge.csv_import import begin_import
from pilito.lifecycle import Role
from pilito.models import Audit, Conversation, Message, Operator, db

QUESTION = "این لباس چقدره؟"

pytestmark = needs_chromium


# --- the main walk ---------------------------------------------------------------------------------------------------


def test_a_share_its_question_and_the_answer_arrive_while_one_looks(shop, open_page):
    page = open_page(by_form=True)
    expect(page.get_by_text("No conversations yet")).to_be_visible()

    shop.receive(reel(ago(1)))
    row = page.locator(".row")
    expect(row.locator(".countdown")).to_be_visible()
    row.click()
    card = page.locator("article.share")
    expect(card).to_contain_text("Waits for a question")
    expect(card).to_contain_text("پیراهن نخی")

    shop.receive(text(QUESTION, ago(0)))
    expect(card).to_contain_text("Question below")
    expect(page.locator(".is-share.is-combined + .is-question")).to_contain_text(QUESTION)

    shop.work()
    answer = page.locator(".from-assistant")
    expect(answer).to_contain_text("در همین پست")
    expect(answer.locator(".delivery")).to_have_text("Sent")
    expect(page.locator(".item")).to_have_count(3)


def test_the_countdown_counts(shop, open_page):
    shop.receive(reel(ago(30)))
    page = open_page(f"/conversations/{shop.conversation.id}")

    countdown = page.locator("article .countdown")
    first = countdown.inner_text()
    expect(countdown).not_to_have_text(first)

    assert first.startswith(("1:2", "1:30"))
    assert "1:1" < countdown.inner_text() < first


def test_a_reply_is_shown_at_once_then_truly_and_sent_once(shop, graph, open_page):
    page = open_page(talk(shop, 3))

    page.fill("#composer-text", "بله، **سایز** ۴۰ موجود است")
    page.press("#composer-text", "Control+Enter")
    reply = page.locator(".from-operator")
    expect(reply).to_contain_text("سایز")
    expect(page.locator(".from-operator:not(.is-optimistic) .delivery")).to_have_text("Waits to be sent")
    shop.work()

    expect(reply.locator(".delivery")).to_have_text("Sent")
    expect(reply).to_have_count(1)
    expect(page.locator("#composer-text")).to_have_value("")
    expect(page.get_by_text("سارا took over")).to_be_visible()
    assert graph.texts.count("بله، **سایز** ۴۰ موجود است") == 1


def test_one_message_is_answered_with_quick_replies_and_the_next_reply_has_neither(shop, graph, open_page):
    shop.receive(text(QUESTION, ago(30), mid="mid.question"))
    page = open_page(f"/conversations/{shop.conversation.id}")
    page.hover(".item.from-customer")
    page.click(".reply-to")
    expect(page.locator("#composer-quoted")).to_have_text(QUESTION)
    page.click(".composer-quick summary")
    page.fill("#composer-quick", "38 | 40")
    page.fill("#composer-text", "کدام سایز؟")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".from-operator .quote")).to_contain_text(QUESTION)
    expect(page.locator("#composer-quote")).to_be_hidden()

    page.fill("#composer-text", "دیگر هیچ")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".from-operator:not(.is-optimistic)")).to_have_count(2)
    shop.work("deliveries")

    first, second = graph.calls
    assert first["reply_to"] == {"mid": "mid.question"}
    assert [one["title"] for one in first["message"]["quick_replies"]] == ["38", "40"]
    assert "reply_to" not in second
    assert second["message"] == {"text": "دیگر هیچ"}


def test_taking_over_giving_back_and_closing(shop, open_page):
    page = open_page(talk(shop, 2))

    page.get_by_role("button", name="Take over").click()
    expect(page.locator(".thread-state")).to_contain_text("You")
    page.get_by_role("button", name="Give back").click()
    expect(page.locator(".thread-state")).to_contain_text("Assistant")
    page.fill("#composer-text", "let me ")  # it stands beside what one has begun to write
    page.get_by_role("button", name="Take over now").click()
    expect(page.locator(".thread-state")).to_contain_text("You")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("see")  # and one goes on writing
    expect(page.locator("#composer-text")).to_have_value("let me see")
    page.get_by_role("button", name="Close").click()

    expect(page.locator(".thread-state")).to_contain_text("Done")
    expect(page.locator("#zone-done .count")).to_have_text("1")
    expect(page.locator(".activity")).to_have_count(4)


# --- order, and where one reads --------------------------------------------------------------------------------------


def test_a_message_that_comes_late_stands_where_it_was_sent(shop, open_page):
    shop.receive(text("first", ago(60)), text("third", ago(20)))
    page = open_page(f"/conversations/{shop.conversation.id}")

    shop.receive(text("second", ago(40)))

    expect(page.locator(".from-customer .bubble")).to_have_text(["first", "second", "third"])


def test_the_view_never_scrolls_away_while_one_reads(shop, open_page):
    page = open_page(talk(shop))
    scroller = page.locator("#scroller")
    scroller.evaluate("element => element.scrollTop = 300")

    shop.receive(text("the newest", ago(0)))
    pill = page.get_by_role("button", name="New messages")
    expect(pill).to_be_visible()
    assert scroller.evaluate("element => element.scrollTop") == 300

    pill.click()
    expect(page.get_by_text("the newest").last).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_at_the_end_the_view_follows(shop, open_page):
    page = open_page(talk(shop))

    shop.receive(text("the newest", ago(0)))

    expect(page.locator(".bubble", has_text="the newest")).to_be_in_viewport()


def test_older_messages_load_upwards_without_a_jump(shop, open_page):
    page = open_page(talk(shop, 130))
    expect(page.locator(".item", has_text="words 129")).to_be_in_viewport()

    while page.locator("a#older").count():
        before = page.locator(".item").count()
        page.locator("#scroller").evaluate("element => element.scrollTop = 0")
        expect(page.locator(".item")).not_to_have_count(before)
        assert page.locator("#scroller").evaluate("element => element.scrollTop") > 0

    numbers = [int(words.split()[1]) for words in page.locator(".from-customer .bubble").all_inner_texts()]
    assert numbers == list(range(130))


# --- a line that breaks ----------------------------------------------------------------------------------------------


def test_what_came_while_the_line_was_away_is_there_when_it_returns(shop, server, open_page):
    page = open_page(talk(shop, 2))
    page.fill("#composer-text", "half a sentence")

    server.stop()
    server.hang_up()
    expect(page.locator("#line")).to_have_attribute("data-state", "reconnecting")
    shop.receive(text("while you were away", ago(0)))
    server.start()

    expect(page.locator("#line")).to_have_attribute("data-state", "live", timeout=15_000)
    expect(page.locator(".bubble", has_text="while you were away")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("half a sentence")


@pytest.fixture
def own_redis(tmp_path_factory):
    """A server that a test may kill; the line's own listener hears another one, so that the line itself stays."""
    address = tmp_path_factory.mktemp("r") / "s"
    server = subprocess.Popen([find_binary(), "--port", "0", "--unixsocket", str(address), "--save", ""], stdout=-3)
    wait_for(lambda: Redis.from_url(f"unix://{address}").ping())
    yield server, f"unix://{address}?db=0"
    server.kill()
    server.wait(10)


def test_c18_what_came_while_redis_alone_was_dead_is_there_a_minute_later(shop, open_page, own_redis):
    server, url = own_redis
    bind_services(shop.app, shop.app.extensions["pilito_settings"].model_copy(update={"redis_url": url}))
    page = open_page(talk(shop, 3))
    shown = (
        "() => [...document.querySelectorAll('#items [data-message-id]')].map((one) => Number(one.dataset.messageId))"
    )
    expect(page.locator("#line")).to_have_attribute("data-state", "live")
    page.wait_for_load_state("networkidle")  # a line that has just joined asks for what came meanwhile
    before = page.evaluate(shown)

    server.kill()
    server.wait(10)
    for number in range(5):
        assert shop.post(webhook(text(f"nobody hears {number}", ago(0)))).status_code == 200
    inbound.receive_webhook()
    assert page.evaluate(shown) == before  # nothing was told
    page.clock.set_system_time(utc_now() + timedelta(seconds=61))
    expect(page.locator("#items [data-message-id]")).to_have_count(len(before) + 5)

    db.session.rollback()
    assert page.evaluate(shown) == db.session.scalars(db.select(Message.id).order_by(Message.sent_at, Message.id)).all()
    expect(page.locator("#line")).to_have_attribute("data-state", "live")  # it never broke


def test_a_reply_that_did_not_get_out_can_be_sent_again_and_is_one_reply(shop, graph, open_page):
    page = open_page(talk(shop, 2))
    page.route("**/replies", lambda route: route.abort())

    page.fill("#composer-text", "still here")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Your words are safe here")).to_be_visible()
    page.unroute("**/replies")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("still here")
    shop.work()

    expect(page.locator(".from-operator")).to_have_count(1)
    assert graph.texts.count("still here") == 1


def test_a_refused_reply_keeps_its_words_and_says_why(shop, open_page):
    page = open_page(talk(shop, 2))
    conversation_id = shop.conversation.id
    # Read, and nothing more on its way: the page's next look at the thread would close its composer.
    expect(page.locator("#thread-head")).to_have_attribute("data-unread", "0")
    page.fill("#composer-text", "too late")

    def close_the_window(route):  # not before: a page that happens to load again would offer no composer
        with shop.app.app_context(), transaction():
            db.session.get_one(Conversation, conversation_id).last_customer_message_at = utc_now() - timedelta(days=30)
        route.continue_()

    page.route("**/replies", close_the_window)
    page.press("#composer-text", "Control+Enter")

    failed = page.locator(".has-failed")
    expect(failed).to_contain_text("too late")
    expect(failed).to_contain_text("as soon as the customer does")


def test_a_deactivated_operator_is_led_out_at_the_next_change(shop, operator, open_page):
    page = open_page(talk(shop, 2))
    asked = []
    page.on("request", lambda one: "/login?" in one.url and asked.append(one.url))

    with transaction():
        db.session.get_one(Operator, operator.id).active = False
    shop.receive(text("hello?", ago(0)))

    page.wait_for_url("**/login?next=*")
    assert len(asked) == 1  # by the list, the thread and the pane together


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_are_shown_before_they_are_sent_and_a_sound_becomes_one_that_is_taken(shop, graph, open_page):
    page = open_page(talk(shop, 2))
    picture = {"name": "dress.jpg", "mimeType": "image/jpeg", "buffer": JPEG}
    sound = {"name": "note.mp3", "mimeType": "audio/mpeg", "buffer": WAV}  # by its name no format that is taken

    page.set_input_files("#composer-file", [picture, sound, {**picture, "name": "mistake.jpg"}])
    expect(page.locator(".composer-chip progress")).to_have_count(0)
    page.locator(".composer-chip", has_text="mistake").get_by_role("button").click()
    expect(page.locator(".composer-chip img")).to_have_count(1)
    page.fill("#composer-text", "here they are")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".from-operator:not(.is-optimistic) audio")).to_be_visible()
    shop.work()

    expect(page.locator(".from-operator .is-image img")).to_be_visible()
    expect(page.locator(".from-operator .bubble", has_text="here they are")).to_be_visible()
    sent = [call["message"].get("attachment", {}).get("type") for call in graph.calls if "message" in call]
    assert sent[-3:] == ["image", "audio", None]
    assert page.locator(".composer-chip").count() == 0


def test_a_file_that_is_not_taken_is_refused_before_anything_is_sent(shop, open_page):
    page = open_page(talk(shop, 2))

    page.set_input_files("#composer-file", [{"name": "x.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}])

    expect(page.locator("#composer-problem")).to_contain_text("png or jpeg")
    expect(page.locator(".composer-chip")).to_have_count(0)


# Where the words of each of these begin, in whole pixels: on the right in a page from right to left.
EDGES = """(which) => [...document.querySelectorAll(which)].map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const { left, right } = range.getBoundingClientRect();
  return Math.round(document.documentElement.dir === "rtl" ? right : left);
})"""


# --- a phone, and strangers' words -----------------------------------------------------------------------------------


def test_on_a_phone_one_pane_at_a_time(shop, open_page):
    talk(shop, 2)
    page = open_page(viewport=PHONE)
    expect(page.locator(".thread-pane")).to_be_hidden()

    page.locator(".row").click()
    expect(page.locator("#thread-title")).to_be_visible()
    expect(page.locator(".list-pane")).to_be_hidden()
    page.get_by_label("Back to the list").click()

    expect(page.locator(".row")).to_be_visible()
    expect(page.locator(".thread-pane")).to_be_hidden()


@pytest.mark.parametrize(("viewport", "language"), [(SMALL, "en"), (PHONE, "fa")], ids=["desktop", "phone"])
def test_nothing_is_wider_than_the_window(shop, operator, open_page, viewport, language):
    shop.receive(reel(ago(9), caption="W" * 300), text("W" * 300, ago(5)), text("https://a.test/" + "x" * 300, ago(4)))
    with transaction():
        db.session.get_one(Operator, operator.id).language = language

    page = open_page(f"/conversations/{shop.conversation.id}", viewport)

    if viewport is SMALL:
        expect(page.locator("#aside h2").first).to_be_visible()
    assert over_the_edge(page) == over_the_edge(page, ".thread-pane") == []
    assert page.evaluate(
        "document.getElementById('scroller').scrollWidth <= document.getElementById('scroller').clientWidth"
    )
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "fa" else "ltr")


def test_a_page_with_little_on_it_is_not_stretched_to_the_height_of_the_settings_beside_it(operator, open_page):
    with transaction():
        db.session.get_one(Operator, operator.id).role = Role.OWNER
        add(Audit(at=utc_now(), action="logged_in", operator_id=operator.id, address="127.0.0.1"))
    page = open_page()

    page.goto("/settings/audit")

    title, lead = (page.locator(one).bounding_box() for one in (".room-title", ".room-title .lead"))
    assert title["y"] + title["height"] == pytest.approx(lead["y"] + lead["height"], abs=1)


@pytest.mark.parametrize("path", ["/settings/audit", "/inboxes/{}/assistant"])
def test_on_a_phone_one_way_leads_up_and_the_title_follows_it(shop, operator, open_page, path):
    with transaction():
        db.session.get_one(Operator, operator.id).role = Role.OWNER
    page = open_page(viewport=PHONE)

    page.goto(path.format(shop.inbox_id))

    up, title = page.locator(".up:visible"), page.locator("h1")
    expect(up).to_have_count(1)
    above = up.bounding_box()
    assert 0 <= title.bounding_box()["y"] - above["y"] - above["height"] <= 16


def test_on_a_phone_each_column_of_a_file_can_be_given_its_meaning(shop, operator, open_page):
    """The last one too, and what is to be done about a mistake is under a head of its own."""
    file = "نام,قیمت (ریال),قیمت با تخفیف (تومان)\nکیف,8500000,700000\n"
    with transaction():
        db.session.get_one(Operator, operator.id).role = Role.OWNER
    draft = begin_import(None, "two.csv", file.encode(), operator.id, utc_now())
    page = open_page(viewport=PHONE)
    page.goto(f"/catalogue/import/{draft}")
    heads = page.locator("table thead th")

    expect(heads.filter(has_text="What to do")).to_be_visible()
    for number in range(3):
        expect(page.locator(f"select[name=c{number}]")).to_be_visible()
    page.locator("select[name=c2]").select_option(label="leave out")
    page.get_by_role("button", name="Look again").click()

    expect(page.get_by_role("button", name="Import all")).to_be_visible()


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_cells_of_a_file_begin_beneath_their_heads(operator, open_page, language):
    """Numbers and words of another script too."""
    with transaction():
        person = db.session.get_one(Operator, operator.id)
        person.role, person.language = Role.OWNER, language
    file = "name,price,stock\nکیف,850000 IRT,3\nBag,420000 IRT,7\n"
    draft = begin_import(None, "two.csv", file.encode(), operator.id, utc_now())
    page = open_page()
    page.goto(f"/catalogue/import/{draft}")

    heads = page.evaluate(EDGES, ".preview thead th > span")
    assert page.evaluate(EDGES, ".preview tbody tr:nth-child(1) td") == heads
    assert page.evaluate(EDGES, ".preview tbody tr:nth-child(2) td") == heads


def test_what_is_wider_than_a_phone_is_seen(chromium):
    context = chromium.new_context(viewport=PHONE, is_mobile=True)
    page = context.new_page()

    page.set_content("""<meta name="viewport" content="width=device-width"><b style="display: block; width: 500px">wide</b>
        <p style="overflow: auto"><i style="display: block; width: 600px">scrolls</i></p>""")
    window, found = page.evaluate("innerWidth"), over_the_edge(page)
    context.close()

    assert window >= 500  # as wide as what is too wide
    assert found == ["b#."]


def test_strangers_words_run_nowhere(shop, open_page):
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    page = open_page()

    shop.receive(reel(ago(9), caption=evil), text(evil, ago(5)))
    page.locator(".row").click()

    expect(page.locator(".is-question .bubble")).to_have_text(evil)
    expect(page.locator(".share .caption")).to_contain_text(evil)
