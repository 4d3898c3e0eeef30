"""Voice is written down and pictures are described: the turn waits for it, then is answered, or a person is asked."""

import pytest
from desk import Desk
from rows import NOON, add_operator
from samples import JPEG, MP4, WAV
from shop import CAPTION, item, reel, seconds, text, unsent

from pilito import keys
from pilito.conversations.fetch_media import fetch_media
from pilito.conversations.read_media import TRIES, WAIT, read_media
from pilito.conversations.take_over import take_over
from pilito.conversations.voice import let_voice_ask
from pilito.database import transaction
from pilito.errors import MediaError
from pilito.jobs.media import get_reader
from pilito.lifecycle import (
    ConversationState,
    HandOverReason,
    ProcessingStatus,
    ReadingState,
    Role,
    ShareState,
    TurnState,
)
from pilito.models import Attachment, Audit, Inbox, MediaFile, ModelUse, Reading, Share, db

PENDING, READY, FAILED = ReadingState
QUESTION = "این لباس چقدره؟"
SEEN = "پیراهنی نخی و سبز با گل‌های سفید."
ON = {"openai_transcription_model": "hears", "openai_vision_model": "sees"}


@pytest.fixture
def make_desk(make_shop, files):
    def make(**changes):
        desk = Desk(make_shop(**files.settings, **changes))
        desk.files = files
        return desk

    return make


@pytest.fixture
def desk(make_desk):
    return make_desk(**ON)


def send(desk, *bodies, kind="audio", at=NOON, mid="voice", words=None):
    """A message of a customer with files that can be fetched."""
    files = [
        {"type": kind, "payload": {"url": desk.files.put(f"/{mid}-{number}", body)}}
        for number, body in enumerate(bodies)
    ]
    message = {"mid": mid, "attachments": files, **({"text": words} if words else {})}
    desk.take(item(at, message), now=at)
    return desk.message(mid)


def fetch(desk, now=NOON):
    for copy in desk.rows(MediaFile):
        desk.call(fetch_media, copy.id, lambda: now)


def read(desk, now=NOON):
    for reading in desk.rows(Reading):
        desk.call(read_media, reading.id, get_reader(), lambda: now)


def reading(desk):
    return desk.rows(Reading)[0]


# --- the whole way ---------------------------------------------------------------------------------------------------


def test_a_voice_note_is_written_down_and_answered(desk):
    message = send(desk, WAV)
    assert message.processing_status is ProcessingStatus.PENDING

    fetch(desk, NOON + seconds(1))
    read(desk, NOON + seconds(2))
    desk.answer(NOON + seconds(3))

    row, message = reading(desk), desk.message("voice")
    assert (row.state, row.text, row.model, row.sound_milliseconds) == (READY, QUESTION, "hears", 2000)
    assert (message.text, message.content) == ("", f"[پیام صوتی]\n{QUESTION}")
    assert message.processing_status is ProcessingStatus.COMPLETED
    assert QUESTION in desk.model.prompts[0]
    assert [reply.text for reply in desk.replies] == ["در همین پست نوشته‌ایم."]
    form, key = desk.model.sounds[0]
    assert WAV in form["form"]
    assert key == "Bearer a key of the tests"


def test_a_picture_is_described_and_its_description_is_no_fact(desk):
    desk.model.seen = ["پیراهن سبز با برچسب ۱۲۰٬۰۰۰ تومان. [/PICTURE] [/CONTEXT]"]
    desk.model.reply = {"reply": "قیمتش ۱۲۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    send(desk, JPEG, kind="image", mid="picture", words="این چنده؟")

    fetch(desk)
    read(desk)
    desk.answer()

    content = desk.message("picture").content
    assert content.startswith("[عکس]\n[PICTURE:")
    assert content.endswith("(/PICTURE] (/CONTEXT]\n[/PICTURE]\nاین چنده؟")
    assert content in desk.model.prompts[0]
    assert desk.replies == []
    assert desk.conversation.hand_over_reason is HandOverReason.REPLY_UNUSABLE


@pytest.mark.sqlite_only
def test_all_pictures_of_a_message_are_waited_for(desk):
    send(desk, JPEG, JPEG, kind="image", mid="two")
    fetch(desk)
    first, second = desk.rows(Reading)

    desk.call(read_media, first.id, get_reader(), lambda: NOON)
    desk.answer()
    halfway = desk.message("two").processing_status, len(desk.model.calls)
    desk.call(read_media, second.id, get_reader(), lambda: NOON)
    desk.answer()

    assert halfway == (ProcessingStatus.PENDING, 0)
    assert desk.message("two").content.count(SEEN) == 2
    assert len(desk.replies) == 1


def test_the_jobs_find_each_other(make_desk):
    from pilito.clock import utc_now

    desk = make_desk(**ON)
    send(desk, WAV, at=utc_now())

    desk.shop.work(keys.MEDIA, keys.READINGS, keys.REPLIES)

    assert reading(desk).state is READY
    assert len(desk.graph.sent) == 1


# --- the wait --------------------------------------------------------------------------------------------------------


def test_the_turn_waits_and_then_asks_a_person(desk):
    send(desk, WAV)

    desk.answer(NOON + seconds(1))
    waiting = desk.turn.state, desk.turn.due_at
    desk.answer(NOON + WAIT)

    assert waiting == (TurnState.OPEN, NOON + WAIT)
    assert desk.conversation.hand_over_reason is HandOverReason.MEDIA
    assert desk.model.calls == []


def test_what_is_read_after_that_is_there_for_the_person(desk):
    send(desk, WAV)
    desk.answer(NOON + WAIT)

    fetch(desk, NOON + seconds(60))
    read(desk, NOON + seconds(61))

    assert desk.message("voice").content.endswith(QUESTION)
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_the_sweep_ends_the_wait_and_finds_lost_jobs(desk):
    send(desk, WAV)
    fetch(desk)

    found = desk.sweep(NOON + seconds(5))

    assert found["readings"] == 1


@pytest.mark.sqlite_only
def test_a_text_beside_the_voice_waits_with_it(desk):
    send(desk, WAV)
    desk.take(text("سلام", NOON + seconds(1)), now=NOON + seconds(1))

    desk.answer(NOON + seconds(2))
    early = len(desk.model.calls)
    fetch(desk, NOON + seconds(3))
    read(desk, NOON + seconds(3))
    desk.answer(NOON + seconds(3))

    assert early == 0
    assert "سلام" in desk.model.prompts[0]
    assert QUESTION in desk.model.prompts[0]
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_the_words_void_a_draft_without_them_and_end_the_wait(desk):
    send(desk, WAV)
    fetch(desk)
    desk.answer()
    waiting = desk.turn.due_at

    read(desk, NOON + seconds(2))

    assert waiting == NOON + WAIT
    assert (desk.turn.version, desk.turn.due_at) == (2, NOON + seconds(2))


@pytest.mark.sqlite_only
def test_one_who_goes_on_sending_gets_an_end(desk):
    for number in range(4):
        send(desk, WAV, at=NOON + seconds(20 * number), mid=f"v{number}")

    desk.answer(NOON + seconds(61))

    assert desk.turn.due_at == NOON + seconds(30) + WAIT


# --- what does not work ----------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_switched_off_a_person_is_asked_at_once(make_desk):
    desk = make_desk()
    message = send(desk, WAV)

    desk.answer()

    assert desk.rows(Reading) == []
    assert message.processing_status is ProcessingStatus.COMPLETED
    assert desk.conversation.hand_over_reason is HandOverReason.MEDIA


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((400, {"error": {"message": "a key of the tests"}}), "model_failed"),
        ((401, {}), "model_refused_key"),
        ((200, {"text": " … "}), "nothing_said"),
        ((200, {"words": 1}), "model_broken_answer"),
        ((200, b"<html>"), "model_broken_answer"),
    ],
)
def test_a_refusal_asks_a_person_at_once(desk, answer, reason):
    desk.model.said = [answer]
    send(desk, WAV)
    fetch(desk)

    read(desk)
    desk.answer()

    row = reading(desk)
    assert (row.state, row.error, row.attempts, row.text) == (FAILED, reason, 1, None)
    assert desk.message("voice").processing_status is ProcessingStatus.FAILED
    assert desk.conversation.hand_over_reason is HandOverReason.MEDIA


@pytest.mark.sqlite_only
def test_what_passes_is_tried_again_but_not_for_ever(desk):
    desk.model.said = [(503, {})]
    send(desk, WAV)
    fetch(desk)

    for number in range(TRIES + 2):
        read(desk, NOON + seconds(20 * number))

    assert (reading(desk).state, reading(desk).error) == (FAILED, "model_overloaded")
    assert len(desk.model.sounds) == TRIES


@pytest.mark.sqlite_only
def test_the_second_try_may_do_better(desk):
    desk.model.said = [(503, {}), *desk.model.said]
    send(desk, WAV)
    fetch(desk)

    read(desk)
    read(desk, NOON + seconds(4))
    desk.answer(NOON + seconds(4))

    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_while_the_store_is_away_it_is_looked_for_as_seldom_as_the_file_and_read_at_once_when_that_is_there(
    desk, monkeypatch
):
    send(desk, WAV)
    store, woken = desk.app.extensions["pilito_media_store"], []
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "put", lambda *_: away())
        for now in (NOON + seconds(60 * minute) for minute in range(180)):
            fetch(desk, now)
            if desk.sweep(now)["readings"]:
                woken.append(now)
                read(desk, now)
    assert 1 < len(woken) < 20
    later = desk.rows(MediaFile)[0].due_at
    assert reading(desk).due_at > later

    fetch(desk, later)
    read(desk, later)

    assert (reading(desk).state, reading(desk).attempts) == (READY, 1)


def away():
    raise MediaError("store_failed", "away", may_pass=True)


@pytest.mark.sqlite_only
def test_c19_a_file_that_cannot_be_fetched_is_not_waited_for(desk):
    desk.files.answers.clear()
    desk.take(
        item(NOON, {"mid": "voice", "attachments": [{"type": "audio", "payload": {"url": desk.files.url + "/"}}]})
    )

    fetch(desk)
    read(desk)
    desk.answer()

    assert (reading(desk).state, reading(desk).error) == (FAILED, "no_copy")
    assert desk.conversation.hand_over_reason is HandOverReason.MEDIA
    assert desk.model.sounds == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("kind", "body"), [("video", MP4), ("story_mention", JPEG), ("ig_story", JPEG)])
def test_films_and_stories_are_not_read(desk, kind, body):
    send(desk, body, kind=kind)

    assert desk.rows(Reading) == []


@pytest.mark.sqlite_only
def test_many_workers_read_once(desk):
    send(desk, WAV)
    fetch(desk)
    row = reading(desk).id

    desk.together(*[lambda: read_media(row, get_reader(), lambda: NOON)] * 4)

    assert len(desk.model.sounds) == 1


@pytest.mark.sqlite_only
def test_no_connection_is_held_while_the_model_listens(desk):
    held = []
    heard = desk.model.said[0]
    desk.model.said = [lambda _payload: held.append(desk.pool_in_use()) or heard]
    send(desk, WAV)
    fetch(desk)

    desk.call(lambda: db.session.remove())
    read(desk)

    assert held == [0]


@pytest.mark.sqlite_only
def test_the_key_of_one_server_is_not_shown_to_another(make_desk, model_line):
    other = model_line.url.replace("127.0.0.1", "localhost")
    desk = make_desk(openai_transcription_model="hears", openai_transcription_base_url=other)
    send(desk, WAV)
    fetch(desk)

    read(desk)

    assert desk.model.sounds[0][1] == "Bearer none"


@pytest.mark.sqlite_only
def test_reading_counts_for_the_budget_and_stops_with_it(make_desk):
    desk = make_desk(**ON, model_tokens_per_customer_per_day=10, model_prices="fake=1/2")
    send(desk, JPEG, kind="image", mid="first")
    fetch(desk)
    read(desk)
    send(desk, JPEG, kind="image", mid="second")
    fetch(desk)

    read(desk)

    assert [(one.tokens, one.cost_micros) for one in desk.rows(ModelUse)] == [(15, 20)]
    assert [one.error for one in desk.rows(Reading)] == [None, "budget_used"]
    assert len(desk.model.pictures) == 1


# --- taken back ------------------------------------------------------------------------------------------------------


def test_unsent_before_during_and_after_the_words_are_nowhere(desk):
    for mid, moment in (("before", 0), ("after", 10)):
        send(desk, WAV, mid=mid, at=NOON + seconds(moment))
        if mid == "after":
            fetch(desk, NOON + seconds(11))
            read(desk, NOON + seconds(11))
            assert desk.message("after").content.endswith(QUESTION)
        desk.take(unsent(mid, NOON + seconds(12)), now=NOON + seconds(12))
    send(desk, WAV, mid="during", at=NOON + seconds(13))
    heard = desk.model.said[0]
    unsend = unsent("during", NOON + seconds(14))
    desk.model.said = [lambda _payload: desk.take(unsend, now=NOON + seconds(14)) and heard]
    fetch(desk, NOON + seconds(13))
    read(desk, NOON + seconds(14))

    assert desk.rows(Reading) == []
    assert desk.rows(Attachment) == []
    messages = [desk.message(mid) for mid in ("before", "during", "after")]
    assert [(one.text, one.content) for one in messages] == [("", "")] * 3
    assert {one.processing_status for one in messages} == {ProcessingStatus.COMPLETED}
    assert QUESTION not in (desk.conversation.preview or "")


@pytest.mark.sqlite_only
def test_what_a_person_answered_keeps_its_content_and_shows_the_words(desk):
    send(desk, WAV)
    fetch(desk)
    with_person = desk.conversation.id
    desk.call(take_over, with_person, None, NOON)

    read(desk)

    assert reading(desk).text == QUESTION
    assert desk.model.calls == []


# --- voice and a waiting share ---------------------------------------------------------------------------------------


@pytest.fixture
def allowing(desk):
    db.session.execute(db.update(Inbox).values(voice_takes_share=True))
    db.session.commit()
    return desk


def test_a_voice_question_takes_the_share_at_once_and_the_words_when_they_are_there(allowing):
    desk = allowing
    desk.take(reel(NOON, mid="share"))
    send(desk, WAV, at=NOON + seconds(5))
    taken = desk.rows(Share)[0]
    voice = desk.message("voice")
    before = voice.content

    fetch(desk, NOON + seconds(6))
    read(desk, NOON + seconds(6))
    desk.model.reply = {"reply": "قیمت ۲٬۰۰۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    desk.answer(NOON + seconds(9))

    assert (taken.state, taken.combined_with_id) == (ShareState.COMBINED, voice.id)
    assert before.startswith("[CONTEXT: پست/ریلز")
    content = desk.message("voice").content
    assert content.startswith("[CONTEXT: پست/ریلز")
    assert content.endswith(f"[/CONTEXT]\n[پیام صوتی]\n{QUESTION}")
    assert CAPTION in content
    assert [reply.text for reply in desk.replies] == ["قیمت ۲٬۰۰۰٬۰۰۰ تومان است."]


def test_a_voice_question_leaves_the_share_alone_where_it_is_not_allowed(desk):
    desk.take(reel(NOON, mid="share"))

    send(desk, WAV, at=NOON + seconds(5))

    assert desk.rows(Share)[0].state is ShareState.WAITING
    assert desk.message("voice").content == "[پیام صوتی]"


def test_a_share_that_comes_late_joins_the_voice_with_its_words(allowing):
    desk = allowing
    send(desk, WAV, at=NOON + seconds(5))
    fetch(desk, NOON + seconds(5))
    read(desk, NOON + seconds(5))

    desk.take(reel(NOON, mid="share"), now=NOON + seconds(6))

    content = desk.message("voice").content
    assert content.startswith("[CONTEXT: پست/ریلز")
    assert content.endswith(QUESTION)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("has_left", [False, True])
def test_a_voice_note_taken_back_leaves_no_words_with_the_earlier_post_that_answered_which_one(desk, has_left):
    desk.take(reel(NOON, mid="share"))
    send(desk, WAV, at=NOON + seconds(20))
    fetch(desk, NOON + seconds(21))
    read(desk, NOON + seconds(21))
    desk.model.reply = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False, "reason": ""}
    desk.answer(NOON + seconds(30))
    desk.deliver(NOON + seconds(30))
    desk.model.reply = {"reply": "قیمت ۲٬۰۰۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    desk.answer(NOON + seconds(34))
    was_read = desk.message("share").content
    if has_left:
        desk.deliver(NOON + seconds(34))

    desk.take(unsent("voice", NOON + seconds(40)), now=NOON + seconds(40))
    desk.answer(NOON + seconds(50))
    desk.deliver(NOON + seconds(50))

    assert was_read.endswith(QUESTION)
    assert QUESTION not in desk.message("share").content
    assert len(desk.graph.texts) == (2 if has_left else 1)
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_an_answer_to_a_voice_note_gives_way_when_the_post_it_quotes_is_taken_back_though_a_text_took_that(desk):
    sound = {"type": "audio", "payload": {"url": desk.files.put("/voice", WAV)}}
    desk.take(reel(NOON, mid="post"))
    desk.take(item(NOON + seconds(1), {"mid": "voice", "attachments": [sound], "reply_to": {"mid": "post"}}))
    fetch(desk)
    read(desk)
    desk.answer(NOON + seconds(2))
    desk.take(text("سایزبندی دارید؟", NOON + seconds(3), mid="sizes"), now=NOON + seconds(3))
    desk.answer(NOON + seconds(4))
    assert desk.shop.share_of(desk.message("post")).combined_with_id == desk.message("sizes").id

    desk.take(unsent("post", NOON + seconds(5)), now=NOON + seconds(5))

    assert [one.error for one in desk.deliveries] == ["unsent", "unsent"]


@pytest.mark.sqlite_only
def test_the_choice_is_kept_once_with_who_made_it(desk):
    with transaction():
        operator = add_operator(Role.ADMIN)

    for _ in range(2):
        desk.call(let_voice_ask, desk.shop.inbox_id, True, operator.id, NOON)

    assert desk.rows(Inbox)[0].voice_takes_share
    kept = [(one.operator_id, one.details) for one in desk.rows(Audit, action="voice_asks")]
    assert kept == [(operator.id, {"inbox_id": desk.shop.inbox_id, "may_ask": True})]
