"""Every shape in which Instagram speaks to us, and the test that shows what becomes of it.

The shapes are those of Meta's pages and of captured events (pilito/channels/instagram/README.md). A row whose test does
not exist fails, and so does an attachment or event that the code knows and no row names.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from pilito.channels.instagram import attachments, events, inbound, shares

TESTS = Path(__file__).parents[2]
INBOUND, EVENTS, SHARES = (
    "channels/instagram/test_instagram_inbound.py",
    "channels/instagram/test_instagram_events.py",
    "channels/instagram/test_instagram_shares.py",
)
PAYLOADS = "channels/instagram/test_instagram_payloads.py"
RECEIVE, UNSEND, ECHO, CONTEXT = (f"conversations/test_{name}.py" for name in ("receive", "unsend", "echo", "context"))
REACT, EDIT, SEE, NOTICE, STANDBY, FORGET = (
    f"conversations/test_{name}.py" for name in ("react", "edit", "see", "notice", "standby", "forget")
)
SHARE, API = "test_instagram_share.py", "blueprints/test_api.py"

DELIVERY = {
    "200 for every event, also an unknown one": (
        INBOUND,
        "test_an_event_that_is_no_message_is_ignored_under_its_own_name",
    ),
    "a batch of up to 1000 events": (INBOUND, "test_one_bad_event_among_a_thousand_is_alone"),
    "several entries, of several accounts": (INBOUND, "test_items_keep_their_order"),
    "a bad item among good ones": (INBOUND, "test_a_bad_item_loses_none_of_its_neighbours"),
    "an event of an account that is not connected": (RECEIVE, "test_several_accounts_in_one_batch_each_get_their_own"),
    "the same mid in messaging and standby": (STANDBY, "test_the_same_message_in_both_places_is_one"),
    "an edit before its message": (EDIT, "test_an_edit_that_comes_before_its_message_is_applied_when_it_comes"),
    "a reaction before its message": (REACT, "test_a_reaction_that_comes_before_its_message_is_there_when_it_comes"),
    "an unsend before its message": (UNSEND, "test_a_message_that_comes_after_its_unsend_stays_away"),
    "time in seconds, as a string, in ISO 8601": (EVENTS, "test_a_time_in_seconds_as_a_string_is_a_time"),
    "the dashboard's test, both forms": (EVENTS, "test_a_test_of_the_dashboard_is_no_message"),
    "no envelope around the entry": (INBOUND, "test_an_entry_without_its_envelope_is_read"),
    "object: page": (INBOUND, "test_the_events_of_a_page_are_ignored"),
}
MESSAGE = {
    "text": (INBOUND, "test_a_text_is_kept_as_it_was_typed"),
    "quick_reply": (EVENTS, "test_a_quick_reply_keeps_its_payload"),
    "quick_reply without text": (INBOUND, "test_a_quick_reply_without_text_is_its_payload"),
    "first-party ice breaker": (EVENTS, "test_an_ice_breaker_of_the_app_itself_is_known_by_its_payload"),
    "a tap is asked by its title": (CONTEXT, "test_a_tap_is_asked_by_its_title"),
    "reply_to.mid": (CONTEXT, "test_the_message_that_a_question_answers_stands_before_it"),
    "reply_to.mid of an own share": (CONTEXT, "test_a_post_that_is_answered_days_later_is_the_one_asked_about"),
    "reply_to with neither text nor attachments": (INBOUND, "test_a_message_that_holds_nothing_is_other"),
    "reply_to.story": (CONTEXT, "test_a_reply_to_a_story_says_so_and_asks_the_assistant"),
    "referral in the message: ad": (CONTEXT, "test_the_ad_of_a_message_is_a_fact_and_the_words_of_a_link_are_none"),
    "referral in the message: product": (EVENTS, "test_a_product_of_the_shop_is_a_referral_too"),
    "referral in the button, beside it, beside the message": (
        EVENTS,
        "test_a_referral_belongs_to_what_was_sent_with_it",
    ),
    "referral without a message": (
        NOTICE,
        "test_an_ad_that_was_tapped_is_a_line_opens_the_window_and_is_a_fact_of_the_next_answer",
    ),
    "referral that is a list": (EVENTS, "test_a_referral_that_says_nothing_is_none"),
    "postback": (INBOUND, "test_a_pressed_button_is_a_message"),
    "postback without mid": (INBOUND, "test_a_message_without_an_id_gets_the_same_one_each_time"),
    "is_echo of ours": (ECHO, "test_the_echo_of_our_reply_confirms_it_and_changes_nothing"),
    "is_echo before the send returned": (
        ECHO,
        "test_an_echo_that_comes_before_the_answer_of_the_send_is_known_by_its_text",
    ),
    "is_echo of a person": (ECHO, "test_a_reply_typed_on_the_phone_pauses_the_assistant_and_drops_its_turn"),
    "an own message without is_echo": (INBOUND, "test_a_message_of_the_account_is_an_echo_without_the_flag_too"),
    "is_deleted before the answer": (UNSEND, "test_an_unsent_message_is_emptied_and_its_turn_ends"),
    "is_deleted during the answer": (
        UNSEND,
        "test_t8_a_message_unsent_while_its_answer_is_written_is_not_in_the_answer",
    ),
    "is_deleted after the answer": (UNSEND, "test_a_message_unsent_after_its_answer_gets_no_second_one"),
    "is_deleted leaves no copy": (FORGET, "test_what_was_unsent_is_nowhere"),
    "is_unsupported": (INBOUND, "test_a_message_that_the_provider_cannot_show_is_unsupported"),
    "is_self in a message": (EVENTS, "test_a_message_of_the_account_to_itself_is_an_echo"),
    "is_self beside a postback": (INBOUND, "test_a_button_pressed_by_the_account_itself_is_ignored"),
    "all flags present and false": (INBOUND, "test_a_flag_that_is_false_changes_nothing"),
    "a message with nothing in it": (INBOUND, "test_a_message_that_holds_nothing_is_other"),
}
ATTACHMENTS = {
    "image": (INBOUND, "test_an_attachment_tells_what_the_message_is"),
    "video": (INBOUND, "test_an_attachment_tells_what_the_message_is"),
    "audio": (INBOUND, "test_a_voice_note_is_a_file_of_the_kind_voice"),
    "file": (INBOUND, "test_an_attachment_tells_what_the_message_is"),
    "share": (PAYLOADS, "test_a_share_may_be_nothing_but_its_page"),
    "ig_post": (PAYLOADS, "test_a_post_carries_its_caption_as_title"),
    "ig_reel": (PAYLOADS, "test_a_reel_may_point_to_its_page"),
    "reel": (PAYLOADS, "test_a_reel_of_facebook_has_a_number_for_an_id"),
    "post": (INBOUND, "test_an_attachment_tells_what_the_message_is"),
    "share and ig_post in one message": (PAYLOADS, "test_a_post_that_comes_twice_in_one_message_is_one_share"),
    "a typed link to a post": (PAYLOADS, "test_a_typed_link_is_a_share"),
    "the slides of a carousel": (SHARES, "test_two_different_posts_are_not_mixed"),
    "story_mention": (CONTEXT, "test_what_asks_nothing_opens_no_turn"),
    "story": (CONTEXT, "test_what_asks_nothing_opens_no_turn"),
    "ig_story": (INBOUND, "test_a_shared_story_is_found_under_its_own_keys"),
    "template": (CONTEXT, "test_a_product_waits_for_its_question_and_tells_what_is_meant"),
    "product": (INBOUND, "test_an_attachment_tells_what_the_message_is"),
    "template without elements": (EVENTS, "test_a_template_without_cards_is_shared_content"),
    "fallback": (INBOUND, "test_a_lone_web_link_is_its_address_as_text"),
    "link": (INBOUND, "test_a_link_may_carry_its_address_beside_the_payload"),
    "like_heart": (CONTEXT, "test_what_asks_nothing_opens_no_turn"),
    "ephemeral": (CONTEXT, "test_what_cannot_be_read_goes_to_a_person"),
    "unsupported_type": (CONTEXT, "test_what_cannot_be_read_goes_to_a_person"),
    "media": (INBOUND, "test_an_attachment_tells_what_the_message_is"),
    "an unknown type": (API, "test_kinds_of_messages_that_we_do_not_know_are_counted"),
    "payload missing, null, a string, without url": (
        INBOUND,
        "test_an_attachment_without_a_usable_address_is_still_kept",
    ),
    "one url twice": (INBOUND, "test_one_address_is_one_file"),
    "several attachments": (INBOUND, "test_among_several_attachments_the_first_names_the_message"),
    "share and text as two events": (SHARE, "test_a_share_then_a_question_is_answered_once_on_the_combination"),
}
OTHER_EVENTS = {
    "reaction": (REACT, "test_a_reaction_stands_on_its_message_and_asks_nothing"),
    "reaction: unreact": (REACT, "test_a_reaction_taken_off_is_gone_and_an_older_event_does_not_bring_it_back"),
    "reaction of the shop": (REACT, "test_the_shop_and_the_customer_each_have_a_reaction_of_their_own"),
    "reaction to a post instead of a message": (EVENTS, "test_a_reaction_that_names_no_message_is_ignored"),
    "read": (SEE, "test_a_reply_is_seen_and_one_that_left_later_is_not"),
    "read: watermark": (SEE, "test_a_time_alone_tells_it_as_well"),
    "delivery": (INBOUND, "test_an_event_that_is_no_message_is_ignored_under_its_own_name"),
    "message_edit": (EDIT, "test_a_question_edited_before_its_answer_is_answered_from_the_new_text"),
    "message_edit after the answer": (EDIT, "test_an_edit_after_the_answer_is_shown_and_not_answered"),
    "message_edit with num_edit 0": (EDIT, "test_an_edit_that_says_nothing_new_is_on_the_ledger_only"),
    "message_edit without a sender": (EDIT, "test_an_edit_needs_no_sender"),
    "optin": (NOTICE, "test_what_happened_to_a_conversation_is_a_line_in_it"),
    "account_linking": (NOTICE, "test_what_happened_to_a_conversation_is_a_line_in_it"),
    "policy-enforcement": (INBOUND, "test_an_event_that_is_no_message_is_ignored_under_its_own_name"),
    "app_roles": (INBOUND, "test_an_event_that_is_no_message_is_ignored_under_its_own_name"),
    "response_feedback": (INBOUND, "test_an_event_that_is_no_message_is_ignored_under_its_own_name"),
    "pass_thread_control": (NOTICE, "test_what_happened_to_a_conversation_is_a_line_in_it"),
    "take_thread_control": (NOTICE, "test_the_same_notice_twice_is_one_line"),
    "request_thread_control": (NOTICE, "test_what_happened_to_a_conversation_is_a_line_in_it"),
    "referral": (EVENTS, "test_a_link_into_the_conversation_is_an_opening"),
    "standby: message": (STANDBY, "test_t17_a_message_in_standby_is_stored_and_never_answered"),
    "standby: echo": (STANDBY, "test_what_the_other_app_wrote_is_shown_and_pauses_nothing"),
    "standby: empty postback, reaction, read": (STANDBY, "test_an_empty_button_a_reaction_and_seen_come_there_too"),
    "comments, live_comments, mentions, story_insights": (
        INBOUND,
        "test_a_change_of_anything_else_is_ignored_under_its_name",
    ),
    "a change on the entry itself": (INBOUND, "test_a_change_may_stand_on_the_entry_itself"),
    "every messaging field as a change": (EVENTS, "test_a_change_is_read_like_the_event_it_holds"),
    "a change with the bare event": (EVENTS, "test_a_change_may_hold_the_bare_event"),
    "an unknown key": (INBOUND, "test_an_event_that_is_no_message_is_ignored_under_its_own_name"),
    "several events in one item": (INBOUND, "test_one_item_may_hold_a_message_a_reaction_and_a_button"),
}
SHAPES = {**DELIVERY, **MESSAGE, **ATTACHMENTS, **OTHER_EVENTS}


@cache
def names_in(path):
    tree = ast.parse((TESTS / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_its_test(shape):
    path, name = SHAPES[shape]

    assert name in names_in(path)


def test_every_attachment_that_the_code_knows_has_a_row():
    assert {*attachments.TYPES, *attachments.LINKS, *shares.KINDS} <= set(ATTACHMENTS)


def test_every_event_that_the_code_knows_has_a_row():
    known = {*inbound.READERS, *inbound.IGNORED_EVENTS, *events.NOTICES} - {"message", "postback"}

    assert known <= set(OTHER_EVENTS)
