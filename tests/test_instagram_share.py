"""The share and its question, through the real route, the real queue and the real scheduler."""

import logging

import pytest
from shop import CAPTION, CUSTOMER, REEL_URL, attachment, reel, seconds, text

from pilito import keys
from pilito.clock import utc_now
from pilito.jobs import shares
from pilito.lifecycle import ConversationState, ShareState
from pilito.models import Message

QUESTION = "این لباس چقدره؟"


def pending(shop):
    return shop.app.extensions["pilito_redis"].get(keys.pending_share(shop.conversation.id))


def scheduled(shop):
    return [name.decode() for name in shop.app.extensions["pilito_redis"].zrange("rq:scheduler:scheduled_jobs", 0, -1)]


def test_a_share_then_a_question_is_answered_once_on_the_combination(shop, caplog):
    caplog.set_level(logging.INFO)
    now = utc_now()

    share = shop.receive(reel(now - seconds(20)))
    assert pending(shop) == str(share.id).encode()
    question = shop.receive(text(QUESTION, now))
    shop.work()

    assert question.text == QUESTION
    assert question.content.startswith("[CONTEXT: پست/ریلز")
    assert CAPTION in question.content
    assert question.content.endswith(QUESTION)
    assert shop.share_of(share).state is ShareState.COMBINED
    assert shop.share_of(share).combined_with_id == question.id
    assert pending(shop) is None
    assert scheduled(shop) == []
    assert len(shop.model.calls) == 1
    assert CAPTION.splitlines()[1] in shop.model.prompts[0]
    assert shop.graph.texts == ["در همین پست نوشته‌ایم."]
    assert f"📱 Instagram share received from {CUSTOMER}" in caplog.text
    assert "⏳ Instagram share detected - waiting for follow-up question" in caplog.text
    assert f"Message ID: {share.id}" in caplog.text
    assert "Timeout: 120s" in caplog.text
    assert "✅ Combined share + question for AI processing" in caplog.text
    assert f"Share ID: {share.id}" in caplog.text
    assert f"Question ID: {question.id}" in caplog.text
    assert f"Combined content length: {len(question.content)} chars" in caplog.text


@pytest.mark.sqlite_only
def test_a_share_alone_is_never_answered_and_expires(shop, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    now = utc_now()

    share = shop.receive(reel(now - seconds(60)))
    shop.work()
    assert shop.share_of(share).state is ShareState.WAITING
    assert scheduled(shop) == [f"share-timeout-{share.id}"]
    early = shop.tick(now)
    when_it_is_over = shop.share_of(share).expires_at + seconds(0.01)
    monkeypatch.setattr(shares, "utc_now", lambda: when_it_is_over)
    late = shop.tick(when_it_is_over)
    shop.work()

    assert (early, late) == (0, 1)
    assert shop.share_of(share).state is ShareState.EXPIRED
    assert pending(shop) is None
    assert shop.model.calls == []
    assert shop.graph.sent == []
    assert f"⏰ Timeout for share {share.id} - no question received, cleared cache (no AI response)" in caplog.text


def test_a_text_alone_is_answered_as_usual(shop):
    greeting = shop.receive(text("سلام", utc_now()))
    shop.work()

    assert greeting.content == greeting.text == "سلام"
    assert len(shop.model.calls) == 1
    assert len(shop.graph.sent) == 1


def test_two_shares_then_a_text_combine_the_newest_only(shop):
    now = utc_now()

    older = shop.receive(reel(now - seconds(30), caption="کفش مشکی"))
    newer = shop.receive(reel(now - seconds(10), caption="کیف چرم"))
    assert pending(shop) == str(newer.id).encode()
    assert scheduled(shop) == [f"share-timeout-{newer.id}"]
    question = shop.receive(text(QUESTION, now))
    shop.work()

    assert shop.share_of(older).state is ShareState.SUPERSEDED
    assert shop.share_of(newer).state is ShareState.COMBINED
    assert "کیف چرم" in question.content
    assert "کفش مشکی" not in question.content
    assert len(shop.graph.sent) == 1


def test_a_share_is_stored_with_its_type_and_status(shop):
    share = shop.receive(reel(utc_now()))

    assert share.message_type == "share"
    assert share.processing_status == "completed"
    assert f"کپشن: {CAPTION}" in share.content
    assert f"لینک: {REEL_URL}" in share.content
    assert Message.query.filter_by(message_type="share").count() == 1
    row = shop.share_of(share)
    assert (row.kind, row.media_id, row.caption, row.permalink) == ("ig_reel", "18000000000000001", CAPTION, REEL_URL)


def test_a_plain_query_finds_the_combined_messages(shop):
    now = utc_now()
    shop.receive(reel(now - seconds(5)))
    shop.receive(text(QUESTION, now))

    combined = Message.query.filter(Message.message_type == "text", Message.content.contains("[CONTEXT: پست/ریلز"))

    assert combined.count() == 1


def test_the_timer_of_an_older_share_does_not_end_the_wait_of_a_newer(shop):
    from pilito.jobs.shares import process_pending_share_timeout

    now = utc_now()
    older_id = shop.receive(reel(now - seconds(200))).id
    newer_id = shop.receive(reel(now - seconds(50), mid="newer")).id

    process_pending_share_timeout(shop.conversation.id, older_id)

    assert shop.share_of(shop.message("newer")).state is ShareState.WAITING
    assert pending(shop) == str(newer_id).encode()


@pytest.mark.parametrize(("after_seconds", "combines"), [(0, True), (119.999, True), (120, False), (121, False)])
def test_the_wait_ends_by_the_providers_times(shop, after_seconds, combines):
    sent_at = utc_now() - seconds(130)

    share = shop.receive(reel(sent_at))
    question = shop.receive(text(QUESTION, sent_at + seconds(after_seconds)))

    assert question.content.startswith("[CONTEXT:") is combines
    assert (shop.share_of(share).state is ShareState.COMBINED) is combines


def test_a_question_that_arrives_after_the_timer_still_takes_its_share(shop):
    sent_at = utc_now() - seconds(300)
    share = shop.receive(reel(sent_at))
    assert shop.share_of(share).state is ShareState.EXPIRED

    question = shop.receive(text(QUESTION, sent_at + seconds(60)))
    shop.work()

    assert question.content.startswith("[CONTEXT:")
    assert shop.share_of(share).state is ShareState.COMBINED
    assert len(shop.graph.sent) == 1


def test_a_share_that_arrives_after_its_question_joins_while_nothing_is_answered(make_shop):
    shop = make_shop(reply_quiet_seconds=60)
    now = utc_now()
    question = shop.receive(text(QUESTION, now))

    share = shop.receive(reel(now - seconds(4)))

    assert shop.message(question.external_id).content.startswith("[CONTEXT:")
    assert shop.share_of(share).combined_with_id == question.id


def test_a_share_that_arrives_after_the_answer_is_attached_and_answered_no_second_time(shop):
    now = utc_now()
    question = shop.receive(text(QUESTION, now))
    shop.work()

    share = shop.receive(reel(now - seconds(4)))
    shop.work()

    assert shop.share_of(share).state is ShareState.COMBINED
    assert shop.share_of(share).combined_with_id == question.id
    assert shop.message(question.external_id).content == QUESTION
    assert len(shop.graph.sent) == 1


@pytest.mark.sqlite_only
def test_t3_a_question_typed_just_before_its_share_takes_it(make_shop):
    shop = make_shop(reply_quiet_seconds=60)
    now = utc_now()
    question = shop.receive(text("قیمت این؟", now - seconds(10)))

    shop.receive(reel(now))

    assert shop.message(question.external_id).content.startswith("[CONTEXT:")


@pytest.mark.sqlite_only
def test_a_question_typed_long_before_a_share_does_not_take_it(make_shop):
    shop = make_shop(reply_quiet_seconds=60)
    now = utc_now()
    question = shop.receive(text("قیمت این؟", now - seconds(11)))

    share = shop.receive(reel(now))

    assert shop.message(question.external_id).content == "قیمت این؟"
    assert shop.share_of(share).state is ShareState.WAITING


@pytest.mark.sqlite_only
def test_a_greeting_a_share_and_a_question_are_combined_as_they_were_meant(make_shop):
    shop = make_shop(reply_quiet_seconds=60)
    now = utc_now()
    greeting = shop.receive(text("سلام", now - seconds(9)))
    shop.receive(reel(now - seconds(4)))

    question = shop.receive(text(QUESTION, now))

    assert question.content.startswith("[CONTEXT:")
    assert shop.message(greeting.external_id).content == "سلام"


def test_a_question_keeps_its_share_when_a_text_comes_long_after(make_shop):
    shop = make_shop(reply_quiet_seconds=600)
    now = utc_now()
    shop.receive(reel(now - seconds(330)))
    question = shop.receive(text(QUESTION, now - seconds(230)))

    shop.receive(text("هستید؟", now))

    assert shop.message(question.external_id).content.startswith("[CONTEXT:")


def test_a_swapped_pair_in_one_webhook_is_combined(shop):
    now = utc_now()

    question, share = shop.receive(text(QUESTION, now), reel(now - seconds(2)))
    shop.work()

    assert shop.share_of(share).combined_with_id == question.id
    assert len(shop.graph.sent) == 1
    assert "کپشن" in shop.model.prompts[0]


def test_redis_emptied_during_the_wait_changes_nothing(shop):
    now = utc_now()
    share = shop.receive(reel(now - seconds(10)))
    shop.app.extensions["pilito_redis"].flushall()

    question = shop.receive(text(QUESTION, now))

    assert question.content.startswith("[CONTEXT:")
    assert shop.share_of(share).found_in_cache is False


@pytest.mark.sqlite_only
def test_a_share_found_in_redis_counts_as_a_hit(shop):
    now = utc_now()
    share = shop.receive(reel(now - seconds(10)))

    shop.receive(text(QUESTION, now))

    assert shop.share_of(share).found_in_cache is True


def test_a_share_without_any_part_has_the_fixed_content(shop):
    share = shop.receive(attachment("share", utc_now(), url=None))

    assert share.content == "[پست/ریلز اینستاگرام]"


def test_the_conversation_stays_with_the_assistant(shop):
    shop.receive(reel(utc_now()))

    assert shop.conversation.state is ConversationState.ASSISTANT
