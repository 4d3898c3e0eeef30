"""Every slug as a sentence: what happened, and what to do next."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from pilito.lifecycle import (
    AssistantMode,
    CommentState,
    DeliveryState,
    Digest,
    EventOutcome,
    HandOverReason,
    LabelColour,
    MediaKind,
    MessageType,
    OutsideHours,
    Role,
    ShareState,
)
from pilito.queries.panel import Zone

# A lazy string: translated when it is shown, not when this file is read.
Words = Any


@dataclass(frozen=True)
class Sentence:
    what: Words
    next: Words = ""


ZONES: dict[Zone, Words] = {
    Zone.OPEN: _("All open"),
    Zone.NEEDS_YOU: _("Needs you"),
    Zone.ASSISTANT: _("Assistant"),
    Zone.WAITING: _("Waiting"),
    Zone.DONE: _("Done"),
}

NOTHING_IN_ZONE: dict[Zone, Sentence] = {
    Zone.OPEN: Sentence(_("Nothing is open"), _("New messages appear here by themselves.")),
    Zone.NEEDS_YOU: Sentence(
        _("Nobody is waiting for you"), _("When the assistant does not know an answer, the conversation comes here.")
    ),
    Zone.ASSISTANT: Sentence(
        _("The assistant has nothing to do"), _("Conversations that it answers by itself are listed here.")
    ),
    Zone.WAITING: Sentence(
        _("No customer owes you an answer"),
        _("After your reply a conversation rests here until the customer writes. So does what you put off."),
    ),
    Zone.DONE: Sentence(_("Nothing is closed yet"), _("A closed conversation opens again when the customer writes.")),
}

# A list without rows, by what it is narrowed to.
NOTHING_FILTERED: dict[str, Sentence] = {
    "unread": Sentence(_("Everything is read"), _("What comes in is unread until somebody opens it.")),
    "snoozed": Sentence(
        _("Nothing is put off"), _("Put a conversation off until a time that suits you: it comes back by itself.")
    ),
    "share": Sentence(_("No post waits for a question"), _("A shared post waits two minutes; then it is left alone.")),
    "holder": Sentence(
        _("Nothing is in these hands here"), _("Whoever answers holds the conversation; it can be assigned too.")
    ),
    "label": Sentence(_("Nothing carries this label here"), _("Look in another zone, or put it on with L.")),
    "inbox": Sentence(_("Nothing of this account is here"), _("Look in another zone.")),
    "many": Sentence(_("Nothing fits this filter here"), _("Take a part of it away, or look in another zone.")),
}

# What the list can be narrowed to, where no name says it.
FILTERS: dict[str, Words] = {
    "unread": _("Unread"),
    "snoozed": _("Put off until later"),
    "share": _("A post waits for its question"),
}

LABEL_COLOURS: dict[LabelColour, Words] = {
    LabelColour.GREY: _("Grey"),
    LabelColour.RED: _("Red"),
    LabelColour.ORANGE: _("Orange"),
    LabelColour.YELLOW: _("Yellow"),
    LabelColour.GREEN: _("Green"),
    LabelColour.BLUE: _("Blue"),
    LabelColour.PURPLE: _("Purple"),
    LabelColour.PINK: _("Pink"),
}

# A few words for the list.
HAND_OVER_SHORT: dict[HandOverReason, Words] = {
    HandOverReason.ASKED_FOR_PERSON: _("Asks for a person"),
    HandOverReason.NOT_KNOWN: _("Answer not known"),
    HandOverReason.COMPLAINT: _("Complaint"),
    HandOverReason.REFUND: _("Wants it back"),
    HandOverReason.HEALTH: _("About health"),
    HandOverReason.LAW: _("About law"),
    HandOverReason.REPEATED_MISUNDERSTANDING: _("Not understood"),
    HandOverReason.MEDIA: _("Sent a file"),
    HandOverReason.UNREADABLE: _("Cannot be shown"),
    HandOverReason.MODEL_FAILED: _("Assistant silent"),
    HandOverReason.REPLY_UNUSABLE: _("Reply held back"),
    HandOverReason.TOO_OLD: _("Came too late"),
    HandOverReason.DELIVERY_FAILED: _("Reply not sent"),
    HandOverReason.DELIVERY_UNKNOWN: _("Reply uncertain"),
    HandOverReason.OUTSIDE_HOURS: _("Outside hours"),
    HandOverReason.STOPPED: _("Assistant stopped"),
    HandOverReason.BUDGET_USED: _("Budget used up"),
    HandOverReason.PRICES_DIFFER: _("Two prices"),
}
HAND_OVER: dict[HandOverReason, Sentence] = {
    HandOverReason.ASKED_FOR_PERSON: Sentence(_("The customer asked for a person."), _("Say hello.")),
    HandOverReason.NOT_KNOWN: Sentence(
        _("The answer is not in what the shop wrote."),
        _("Answer it. Write it into the catalogue or the knowledge, and the assistant answers next time."),
    ),
    HandOverReason.COMPLAINT: Sentence(_("The customer complains."), _("Listen first, then answer.")),
    HandOverReason.REFUND: Sentence(
        _("The customer wants money or goods back."), _("Look at the order, then tell what you can do.")
    ),
    HandOverReason.HEALTH: Sentence(
        _("The question is about health."), _("Answer only what you are sure of, or advise to ask a doctor.")
    ),
    HandOverReason.LAW: Sentence(
        _("The question is about law or a dispute."), _("Answer it yourself, with care: your words may be kept.")
    ),
    HandOverReason.REPEATED_MISUNDERSTANDING: Sentence(
        _("The customer and the assistant did not understand each other."),
        _("Read the last messages, then answer what was really meant."),
    ),
    HandOverReason.MEDIA: Sentence(
        _("The customer sent something the assistant cannot look at."), _("Have a look and answer.")
    ),
    HandOverReason.UNREADABLE: Sentence(
        _("A message came that we are not shown."), _("Look at it on the phone, then answer here or there.")
    ),
    HandOverReason.MODEL_FAILED: Sentence(
        _("The assistant's model gave no answer."), _("Answer the customer yourself; if it goes on, check the model.")
    ),
    HandOverReason.REPLY_UNUSABLE: Sentence(
        _("The assistant's reply was held back: it did not rest on the facts."), _("Answer the customer yourself.")
    ),
    HandOverReason.TOO_OLD: Sentence(
        _("The message reached us after the time in which the assistant may answer."),
        _("Decide whether it still wants an answer."),
    ),
    HandOverReason.DELIVERY_FAILED: Sentence(
        _("The assistant's reply could not be sent."), _("See the cause beneath the reply.")
    ),
    HandOverReason.DELIVERY_UNKNOWN: Sentence(
        _("Nobody knows whether the assistant's reply arrived."),
        _("Look on the phone before you write it again."),
    ),
    HandOverReason.OUTSIDE_HOURS: Sentence(
        _("It came outside the assistant's hours."), _("Answer it, or give it back to the assistant.")
    ),
    HandOverReason.STOPPED: Sentence(
        _("The assistant is stopped for all accounts."),
        _("Answer the customer yourself, or give it back once the assistant runs again."),
    ),
    HandOverReason.BUDGET_USED: Sentence(
        _("The assistant's budget is used up."), _("Answer the customer yourself, or raise the budget.")
    ),
    HandOverReason.PRICES_DIFFER: Sentence(
        _("The post and the catalogue name different prices."),
        _("Tell the customer the right one. Mend the other, or let the catalogue win on the page Posts."),
    ),
}

# How often the mail comes that gathers what somebody has not seen.
DIGESTS: dict[Digest, Words] = {
    Digest.OFF: _("Never"),
    Digest.HOURLY: _("Every hour, when there is something new"),
    Digest.DAILY: _("Every morning"),
}

# Why an operator's wish was refused (errors.Refused).
REFUSED: dict[str, Words] = {
    "not_found": _("This conversation is not there any more. Go back to the list."),
    "empty": _("There is nothing to send yet. Write a few words first."),
    "too_long": _("This is too long to send. Shorten it or send it in several replies."),
    "window_closed": _(
        "The time to reply is over: a person may write for seven days after the customer's last message."
        " You can write again as soon as the customer does."
    ),
    **dict.fromkeys(
        (f"instructions_{name}_too_long" for name in ("role", "greeting", "hand_over", "promises", "own_words")),
        _("One of the texts is too long. Shorten it and save again."),
    ),
    "instructions_wrong": _("At most 40 lines are kept in a list. Shorten it and save again."),
    "retract_too_late": _("It has left already. The customer may have read it: write what you want to add."),
    "place_open": _("A place in braces is still open. Fill it or take it out, then send."),
    "price_changed": _("A product in this reply has another price by now. Look at the new price, then send."),
    "product_gone": _("A product in this reply is not offered any more. Take it out, then send."),
    "shortcut_wrong": _("The short word has 1 to 60 characters, without spaces and strokes. Change it."),
    "shortcut_taken": _("There is a canned reply under this word already. Choose another word."),
    "page_is_old": _(
        "This was changed by somebody else since you opened it. Nothing was saved. What you typed stands below: save"
        " once more to let it count."
    ),
    "canned_text_wrong": _("A canned reply has a text of 1 to 5,000 characters. Write or shorten it."),
    "mixed": _("A reaction goes alone. Send the words as a reply of their own."),
    "text_too_long": _("This is too long to send. Shorten it or send it in several replies."),
    "quick_replies_too_many": _("At most 13 quick replies are shown. Leave some out."),
    "quick_replies_without_text": _("Quick replies stand under a text. Write a few words above them."),
    "quick_reply_wrong": _("A quick reply has 1 to 20 characters. Shorten it."),
    "address_wrong": _("The address must begin with https:// and be open to everybody. Use another one."),
    "file_format": _(
        "This kind of file is not taken. Send a picture as png or jpeg, a voice message as aac, m4a, wav or"
        " mp4, a film as mp4 or mov, a document as pdf."
    ),
    "file_too_large": _("The file is too large: a picture may have 8 MB, anything else 25 MB. Send a smaller one."),
    "file_empty": _("There is nothing in the file. Choose another one."),
    "file_unknown": _("The file is not here any more. Attach it again."),
    "public_url_closed": _(
        "Instagram fetches files from this server, which it cannot reach yet: PUBLIC_URL must begin with https://."
        " Ask whoever runs this server."
    ),
    "store_failed": _("Our own store did not take the file. Try again; if it goes on, look at the health page."),
    "cards_too_many": _("At most 10 products fit into one message. Leave some out."),
    "card_wrong": _(
        "A product needs a name of 1 to 80 characters and a line, a picture or a button beside it. Complete it."
    ),
    "card_buttons_wrong": _(
        "A product has at most 3 buttons, each with 1 to 20 characters and a link or an answer. Correct them."
    ),
    "reaction_wrong": _("A reaction needs a message and one sign. Choose both again."),
    "reply_to_unknown": _("The message you answer is not there any more. Write without quoting it."),
    "customer_has_not_written": _("The customer has not written yet, so nothing may be sent. Wait for a message."),
    "inbox_stopped": _("This account cannot send at the moment. Connect it again, then send once more."),
    "customer_not_found": _("There is no such customer here. Check the number, the id or the user name."),
    "several_customers": _(
        "Several customers have this user name. Erase the one who is meant from their conversation, "
        "then press “It is nobody of ours” here."
    ),
    "settled_already": _("Somebody has settled this already. Reload the page to see how."),
    "post_not_found": _("This post, or its product, is not there any more. Reload the page."),
    "product_not_found": _("This product is not in this account's catalogue any more. Choose another one."),
    "comment_answered": _("This comment has its private reply already: there can be one only."),
    "comment_too_old": _("A comment can be answered privately for seven days only. Answer beneath it on the phone."),
    "draft_gone": _("Somebody has decided about this draft already. Reload the page to see how."),
    "draft_stale": _("The chat has moved on since this draft was written. Read it again, then send it all the same."),
    "facts_changed": _(
        "What your posts, your catalogue or your knowledge say has changed since this draft was written. "
        "Have it written anew, or read it again and send it all the same."
    ),
    "assistant_off": _("The assistant is switched off here. Choose another mode first, then give it back."),
    "assistant_stopped": _("The assistant is stopped for all accounts. Let it work again first, then give it back."),
    "assistant_outside_hours": _("It is outside the assistant's hours. Answer yourself, or give it back later."),
    "hours_wrong": _("Hours are written like 10:00-14:00, 17:00-21:00. Correct them."),
    "moved_on": _("It was changed meanwhile: look at it again, then decide."),
    "snooze_past": _("That time is over. Choose one that is still to come."),
    "snooze_far": _("Nothing is put off for more than a year. Choose an earlier day."),
    "snooze_wrong": _("That is no day and time. Choose both again."),
    "assignee_unknown": _("This person may not answer here. Choose somebody else."),
    "undo_late": _("This cannot be taken back any more."),
    "nothing_chosen": _("Nothing was chosen. Reload the page and try again."),
    "label_gone": _("This label is not there any more. Choose another one."),
    "label_name": _("A label needs a name of 1 to 60 characters."),
    "label_taken": _("There is a label of this name already. Merge the two, or choose another name."),
    "label_many": _("There are 200 labels already. Delete or merge some first."),
    "label_itself": _("A label cannot be merged with itself. Choose another one."),
    "view_gone": _("This view is not there any more. Reload the page."),
    "view_name": _("A view needs a name of 1 to 60 characters."),
    "view_many": _("There are 30 views already. Delete some first."),
    "zone_unknown": _("There is no such time zone. Choose one from the list."),
    "holiday_wrong": _("Holidays are days like 2027-03-21, at most 100. Correct them."),
    "line_too_long": _("A line to the customer has at most 300 characters. Shorten it."),
    "number_wrong": _("This number is too small or too large. Correct it."),
    "question_empty": _("Write a question first."),
    "too_many_trials": _("That were many questions in a short time. Wait ten minutes, then go on."),
    "trial_gone": _("This trial is over: they are kept for an hour. Ask again."),
    "trial_not_taken": _("It cannot be tried at the moment: Redis is away. Try again in a minute."),
    "trial_without_question": _("The question that it answered is not there any more. There is nothing to ask again."),
    "blocked": _("This customer is blocked. Unblock them beside the conversation, then go on."),
    "quiet_hours_wrong": _("Quiet hours are two times of day like 22:00 and 8:00, or both empty. Correct them."),
    "digest_unknown": _("There is no such rhythm. Choose one from the list."),
    "answered_meanwhile": _(
        "Somebody answered while you were writing. Read what is new above, then send yours all the same, or discard it."
    ),
    "same_person": _("These two are one person already. Reload the page to see it."),
    "changed_meanwhile": _("Somebody else changed who belongs together at this moment. Look again, then repeat it."),
    "note_empty": _("There is nothing in the note yet. Write a few words first."),
    "note_too_long": _("A note has at most 10,000 characters. Shorten it."),
    "note_not_yours": _("Only who wrote a note can change it. Write one of your own."),
    "mode_of_admins": _("You may let the assistant do less here, not more than its account. Ask an admin for that."),
    "not_allowed": _("Your role may look but not change anything. Ask an admin for more."),
}
# People of the shop, their passwords, and what lets them in.
REFUSED |= {
    "bad_email": _("This is no e-mail address. Check it and try again."),
    "email_taken": _("Somebody logs in with this address already."),
    "role_unknown": _("Choose a role first."),
    "last_owner": _("The shop needs an owner: make another person owner before."),
    "operator_not_found": _("This person is not there any more. Reload the page."),
    "link_not_found": _("This invitation is not there any more. Reload the page."),
    "link_over": _("This link has ended. Ask for a new one."),
    "short_password": _("A password has at least 12 characters. Add a few words."),
    "long_password": _("A password has at most 1000 characters. Take a shorter one."),
    "common_password": _("This is among the first passwords that somebody would try. Take another one."),
    "wrong_password": _("The password you have now does not match. Type it again."),
    "own_access": _("You change your own password and second step under Security, with your password."),
    "wrong_code": _("This code does not fit. Wait for the next one and type it here."),
    "too_many_codes": _("Too many wrong codes. Wait a quarter of an hour, then try again."),
    "second_step_missing": _("Set up the second step for yourself first, under Security."),
    "second_step_there": _("The second step is set up already."),
    "offer_over": _("This key has ended: it counts for ten minutes. Set up the second step once more."),
    "token_name": _("A token has a name of at most 100 characters. Write what it is for."),
    "token_not_found": _("This token is not there any more. Reload the page."),
    "name_empty": _("Write a name first."),
    "too_many_tries": _("Too many tries. Wait a quarter of an hour, then try again."),
    "many_log_ins": _("Many people are logging in at this moment. Try again in a few seconds."),
    "session_not_found": _("This log-in has ended already."),
}
# What people choose for themselves (Operator.theme, .calendar, .digits).
CHOICES: dict[str, dict[str, Words]] = {
    "theme": {"system": _("System"), "light": _("Light"), "dark": _("Dark")},
    "calendar": {"language": _("As the language has it"), "jalali": _("Jalali"), "gregorian": _("Gregorian")},
    "digits": {"language": _("As the language has them"), "persian": "۱۲۳۴۵", "latin": "12345"},
}
ROLES: dict[Role, Words] = {
    Role.OWNER: _("owner"),
    Role.ADMIN: _("admin"),
    Role.AGENT: _("agent"),
    Role.VIEWER: _("viewer"),
}
ROLE_MEANINGS: dict[Role, Words] = {
    Role.OWNER: _("Everything, and decides about owners and admins."),
    Role.ADMIN: _(
        "Connects accounts, sets the assistant up, keeps catalogue and knowledge, sees health and the audit log,"
        " invites agents and viewers."
    ),
    Role.AGENT: _("Answers customers, writes notes, keeps canned replies."),
    Role.VIEWER: _("Reads everything, writes nothing."),
}

REFUSED_OTHERWISE = _("That did not work. Reload the page and try again.")
# Of these a private reply to a comment has sentences of its own.
COMMENT_REFUSED: dict[str, Words] = {
    "not_found": _("This comment is not there any more."),
    "too_long": _("This is too long: a private reply is one message and cannot be split. Shorten it."),
}

# Why a part of a reply was not sent (Delivery.error), and why an inbox was stopped (Inbox.stop_reason).
DELIVERY_ERRORS: dict[str, Sentence] = {
    "window_closed": Sentence(_("The time to reply was over."), _("You can write again as soon as the customer does.")),
    "token_dead": Sentence(_("The connection to the account has ended."), _("Connect the account again, then resend.")),
    "token_expired": Sentence(
        _("The connection to the account was not renewed in time."), _("Connect the account again, then resend.")
    ),
    "app_removed": Sentence(
        _("Somebody took away our access in the account's settings."), _("Connect the account again, then resend.")
    ),
    "password_changed": Sentence(
        _("The account's password was changed, which ends every connection."),
        _("Connect the account again, then resend."),
    ),
    "checkpoint": Sentence(
        _("The account must be confirmed by its owner."),
        _("Log in to the account in its own app, do what it asks, then connect it again."),
    ),
    "role_lost": Sentence(
        _("The person who connected the account may not manage it any more."),
        _("Have somebody who may connect the account again."),
    ),
    "token_unreadable": Sentence(
        _("The connection to the account has ended."), _("Connect the account again, then resend.")
    ),
    "rate_limited": Sentence(
        _("Too many messages in a short time."), _("It is tried again by itself; if it failed, send it once more.")
    ),
    "permission": Sentence(_("The account does not let us send."), _("Connect the account again and allow messages.")),
    "message_access_off": Sentence(
        _("Access to messages is switched off in the account's settings."), _("Switch it on there, then resend.")
    ),
    "restricted": Sentence(_("The account is restricted at the moment."), _("Look into the account's own notices.")),
    "unreachable": Sentence(
        _("The customer cannot be reached."), _("The account is gone or has blocked you; there is nothing to do.")
    ),
    "not_thread_owner": Sentence(
        _("Another app holds this conversation."), _("Answer there, or take it back in the account's settings.")
    ),
    "bad_request": Sentence(_("The message was not accepted as it is."), _("Change its text and send it again.")),
    "temporary": Sentence(
        _("The other side has a problem."), _("It is tried again by itself; if it failed, send it once more.")
    ),
    "outcome_unknown": Sentence(
        _("No answer came, so it may have arrived or not."), _("Look on the phone before you write it again.")
    ),
    "taken_over": Sentence(_("A person took over before it was sent."), _("Nothing to do: it was not sent.")),
    "unsent": Sentence(
        _("The customer took back what it answers, before it was sent."), _("Nothing to do: it was not sent.")
    ),
    "edited": Sentence(
        _("The customer changed what it answers, before it was sent."), _("What it says now is answered anew.")
    ),
    "facts_changed": Sentence(
        _("A post, the catalogue or your knowledge says something else since."),
        _("It was not sent; its question is answered anew."),
    ),
    "unasked": Sentence(
        _("What it answers was asked for by a reply that was taken back before it was sent."),
        _("Nothing to do: it was not sent."),
    ),
    "assistant_stopped": Sentence(
        _("Somebody stopped the assistant before it was sent."), _("Answer the customer yourself.")
    ),
    "assistant_off": Sentence(
        _("Somebody stopped the assistant before it was sent."), _("Answer the customer yourself.")
    ),
    "customer_blocked": Sentence(_("This customer is blocked."), _("There is nothing to do.")),
    "drafts_only": Sentence(
        _("Since then people send here what the assistant writes."), _("It writes a draft: look at it and send it.")
    ),
    "inbox_stopped": Sentence(_("The account cannot send at the moment."), _("Connect it again, then resend.")),
    "customer_has_not_written": Sentence(_("The customer has not written yet."), _("Wait for a message.")),
    "message_deleted": Sentence(_("The message it answers was deleted."), _("There is nothing to do.")),
    "earlier_part_failed": Sentence(
        _("An earlier part did not go out, so this one was kept back."), _("Settle the earlier part first.")
    ),
    "consent_missing": Sentence(_("The customer has not agreed to messages yet."), _("Wait for a message.")),
    "not_eligible": Sentence(_("The customer's account takes no messages from shops."), _("There is nothing to do.")),
    "private_reply_invalid": Sentence(
        _("A comment can be answered privately once and for seven days only."), _("Answer beneath the comment.")
    ),
    "comment_too_old": Sentence(
        _("A comment can be answered privately for seven days only."), _("Answer beneath it on the phone.")
    ),
    "sent_again": Sentence(_("It had not arrived, so it was sent again."), _("See the newer reply.")),
    "given_up": Sentence(_("Somebody decided not to send it again."), _("There is nothing to do.")),
    "customer_erased": Sentence(_("The customer is being erased."), _("There is nothing to do.")),
    "not_found": Sentence(_("What it belongs to is not there any more."), _("Look at the conversation on the phone.")),
}
# While its outcome is not known: as long as it is looked for at the provider, and afterwards; where every look broke.
LOOKED_FOR = Sentence(
    _("No answer came, so it may have arrived or not."),
    _("It is being looked for by itself. If you know already, say it here."),
)
NOT_FOUND = Sentence(
    _("No answer came, and it was not found in the conversation either."),
    _("Look on the phone, then say it here."),
)
NOT_LOOKED_FOR = Sentence(
    _("No answer came, and it could not be looked for in the conversation."),
    _("Look on the phone, then say it here."),
)
ACCOUNT_PAUSED = Sentence(
    _("This account has sent so much that it must rest for a while."),
    _("Nothing is lost: what you write waits and leaves by itself."),
)
DELIVERY_OTHERWISE = Sentence(_("It was not sent."), _("Try again; if it goes on, look at the health page."))

DELIVERY_STATES: dict[DeliveryState, Words] = {
    DeliveryState.PENDING: _("Waits to be sent"),
    DeliveryState.SENDING: _("Sending …"),
    DeliveryState.SENT: _("Sent"),
    DeliveryState.FAILED: _("Not sent"),
    DeliveryState.UNKNOWN: _("Uncertain"),
}

COMMENT_STATES: dict[CommentState, Words] = {
    CommentState.OPEN: _("Not answered"),
    CommentState.OWN: _("Yours"),
    CommentState.QUEUED: _("Waits to be sent"),
    CommentState.SENDING: _("Sending …"),
    CommentState.REPLIED: _("Answered privately"),
    CommentState.FAILED: _("Not sent"),
    CommentState.UNKNOWN: _("Uncertain"),
}

# What the health page calls the parts that /readyz names.
CHECKS: dict[str, Words] = {
    "database": _("Database"),
    "migrations": _("Tables"),
    "writing": _("Writing"),
    "redis": _("Redis"),
    "workers": _("Workers"),
    "scheduler": _("Scheduler"),
}
CHECK_FAILED: dict[str, Words] = {
    "database": _("It cannot be reached: check that it runs and that DATABASE_URL is right."),
    "migrations": _("They are not those of this version: run `flask db upgrade`, then restart web and workers."),
    "writing": _(
        "The database keeps nothing new: look whether its disk is full or read-only. What comes meanwhile is refused,"
        " and the provider repeats it."
    ),
    "redis": _("It cannot be reached: check that it runs and that REDIS_URL is right. Nothing is lost."),
    "workers": _("A queue has no worker: start `flask worker`, or read its log for why it stopped."),
    "scheduler": _("It shows no sign of life: start `flask scheduler`. Until then timed work is late, not lost."),
}
CHECK_UNKNOWN: dict[str, Words] = {"Not known while Redis is away.": _("Not known while Redis is away.")}
EVENT_OUTCOMES: dict[EventOutcome, Words] = {
    EventOutcome.STORED: _("Stored"),
    EventOutcome.DUPLICATE: _("Came twice"),
    EventOutcome.ECHO: _("Our own"),
    EventOutcome.IGNORED: _("Ignored"),
    EventOutcome.FAILED: _("Failed"),
}

QUEUES: dict[str, Words] = {
    "receive": _("Reading what came"),
    "replies": _("Preparing answers"),
    "deliveries": _("Sending"),
    "shares": _("Ending the waits of posts"),
    "profiles": _("Names and pictures"),
    "signals": _("Showing “seen” and “typing”"),
    "media": _("Fetching files"),
    "looks": _("Asking what became of uncertain replies"),
    "upkeep": _("Looking for what was missed"),
    "facts": _("Reading catalogues and pages"),
    "readings": _("Looking at pictures, hearing voices"),
    "mail": _("Mail to people of the shop"),
}

# What a message is called where it has no words of its own.
MESSAGE_TYPES: dict[MessageType, Words] = {
    MessageType.TEXT: _("Message"),
    MessageType.SHARE: _("Shared post"),
    MessageType.IMAGE: _("Picture"),
    MessageType.VIDEO: _("Video"),
    MessageType.VOICE: _("Voice message"),
    MessageType.FILE: _("File"),
    MessageType.STORY: _("Shared story"),
    MessageType.STORY_MENTION: _("Mentioned you in a story"),
    MessageType.PRODUCT: _("Product"),
    MessageType.LIKE: _("Heart"),
    MessageType.POSTBACK: _("Pressed a button"),
    MessageType.UNSUPPORTED: _("A message that we are not shown"),
    MessageType.OTHER: _("Shared content"),
}
# What happened to a conversation besides messages (Audit.action).
ACTIVITIES: dict[str, Words] = {
    "thread_passed": _("The conversation was passed from one app to another"),
    "thread_taken": _("Another app took the conversation, or lost it"),
    "thread_requested": _("Another app asks for the conversation"),
    "opted_in": _("The customer agreed to notifications"),
    "linked": _("The customer linked or unlinked an account"),
    "asked_again": _("The post came late; the assistant looks at the question again"),
}
# What somebody of the shop said about who the customer is.
PERSON_ACTIVITIES: dict[str, Words] = {
    "blocked": _("%(name)s blocked the customer"),
    "unblocked": _("%(name)s unblocked the customer"),
    "merged": _("%(name)s said that the customer is the same person as another one"),
    "unmerged": _("%(name)s said that the customer is another person after all"),
}
# What a copy is called.
MEDIA_KINDS: dict[MediaKind, Words] = {
    MediaKind.IMAGE: _("Picture"),
    MediaKind.VIDEO: _("Video"),
    MediaKind.VOICE: _("Voice message"),
    MediaKind.FILE: _("File"),
    MediaKind.PREVIEW: _("Picture"),
    MediaKind.AVATAR: _("Picture"),
}

# Why we have no copy of a file (MediaFile.error).
MEDIA_ERRORS: dict[str, Sentence] = {
    "gone": Sentence(_("It was gone before we could keep it."), _("Ask the customer to send it again.")),
    "too_large": Sentence(_("It is larger than what we keep."), _("Look at it on the phone.")),
    "wrong_type": Sentence(_("It is not what it says it is, so it was not kept."), _("Look at it on the phone.")),
    "refused_type": Sentence(_("It could run in a browser, so it was not kept."), _("Do not open it.")),
    "empty": Sentence(_("There is nothing in it."), _("Ask the customer to send it again.")),
    "address_refused": Sentence(_("It lies where no file should come from, so it was not fetched."), _("Be careful.")),
    "store_failed": Sentence(
        _("Our own store did not take it."), _("Look at it on the phone, and tell who runs this server.")
    ),
}
MEDIA_OTHERWISE = Sentence(_("The server that has it did not answer."), _("Look at it on the phone."))

# Why a voice note was not written down, or a picture not described.
READING_ERRORS: dict[str, Sentence] = {
    "no_copy": Sentence(_("The file itself could not be fetched.")),
    "nothing_said": Sentence(_("The program found no words in it."), _("Listen or look yourself.")),
    "too_large": Sentence(_("The file is too large for it."), _("Listen or look yourself.")),
    "switched_off": Sentence(_("It was switched off meanwhile.")),
    "budget_used": Sentence(_("The budget of the day is used up."), _("Listen or look yourself.")),
    "model_refused_key": Sentence(_("The model's server refused the key."), _("Check the key in the settings.")),
    "model_overloaded": Sentence(_("The model's server was overloaded.")),
    "model_timeout": Sentence(_("The model's server did not answer in time.")),
    "model_unreachable": Sentence(_("The model's server cannot be reached."), _("Check its address in the settings.")),
    "model_cut_short": Sentence(_("The model did not end its answer."), _("Listen or look yourself.")),
}
READING_OTHERWISE = Sentence(
    _("The model's server gave no usable answer."), _("Check that the model in the settings takes such files.")
)

# What the provider says about an account (Event.kind).
ALERTS: dict[str, Sentence] = {
    "policy-enforcement": Sentence(
        _("Instagram warned or blocked this account."),
        _("Look at the account's status in the Instagram app, and answer there what it asks."),
    ),
    "app_roles": Sentence(
        _("The roles of the apps at this account were changed."),
        _("Check that the conversations still come here: send the test message of the check page."),
    ),
}
ALERT_OTHERWISE = Sentence(_("Instagram said something about this account."), _("Look at it in the Instagram app."))

MAIL_ERRORS: dict[str, Sentence] = {
    "recipient_refused": Sentence(_("There is no such mailbox."), _("Check the address with whom it belongs to.")),
    "log_in_refused": Sentence(
        _("The mail server refused our name or password."), _("Whoever runs this server checks SMTP_URL.")
    ),
    "not_encrypted": Sentence(
        _("The mail server offers no encryption, so it got no password."),
        _("Whoever runs this server checks SMTP_URL."),
    ),
    "certificate_wrong": Sentence(
        _("The mail server's certificate is not valid."), _("Whoever runs this server checks SMTP_URL.")
    ),
    "unreachable": Sentence(
        _("The mail server did not answer."), _("If it goes on, whoever runs this server checks SMTP_URL.")
    ),
    "malformed": Sentence(_("The address cannot be written to."), _("Check it on the page Team.")),
    "unreadable": Sentence(
        _("Its text lay under a key that is not there any more."),
        _("Ask for it anew: invite again, or ask for a link."),
    ),
    "restored": Sentence(
        _("It waited when the backup was made, and may have been sent since."), _("Ask for it anew if it did not come.")
    ),
    "no_try_ended": Sentence(
        _("Every try broke off before its end; it may have arrived."), _("Ask for it anew if it did not come.")
    ),
}
MAIL_OTHERWISE = Sentence(
    _("The mail server would not take it."), _("If it goes on, whoever runs this server looks at its log.")
)

TAKEN_BACK = _("Message taken back")

# What the assistant does, in a word and in a sentence.
MODES: dict[AssistantMode, Words] = {
    AssistantMode.OFF: _("Off"),
    AssistantMode.DRAFT: _("Drafts"),
    AssistantMode.AUTO: _("By itself"),
}
MODE_MEANINGS: dict[AssistantMode, Words] = {
    AssistantMode.OFF: _("People answer everything."),
    AssistantMode.DRAFT: _("It writes an answer; a person sends it, mends it or throws it away."),
    AssistantMode.AUTO: _("It answers by itself what it knows, and calls a person for the rest."),
}
OUTSIDE_HOURS: dict[OutsideHours, Words] = {
    OutsideHours.ANSWER: _("It answers as usual"),
    OutsideHours.DRAFT: _("It writes drafts"),
    OutsideHours.HAND_OVER: _("It calls a person at once"),
}
# What a check found (assistant/check.py, grounding.py): what stands before the colon.
FINDINGS: dict[str, Words] = {
    "number": _("No fact says this number:"),
    "contact": _("No fact has this phone number, address or account:"),
    "date": _("No fact says this date:"),
    "day": _("No fact says this day:"),
    "link": _("No fact has this link:"),
    "handle": _("No fact has this account name:"),
    "code": _("No fact has this code:"),
    "promise": _("It promises what it cannot do:"),
    "bargain": _("No fact makes it free or cheaper:"),
    "words": _("No fact says this:"),
    "rules_leaked": _("It repeats parts of its own instructions."),
    "empty": _("It says nothing."),
    "too_long": _("It is too long for a message."),
    "language": _("It is not in the customer's language."),
    "fence_leaked": _("It repeats parts of its own instructions."),
    "debris": _("It is broken off or badly made."),
    "unsendable_characters": _("It has characters that cannot be sent."),
}
FOUND_OTHERWISE = _("A check held it back:")
# Units as the checks name them (assistant/quantities.py); what is not here is shown as it is.
UNITS: dict[str, Words] = {"toman": _("toman"), "rial": _("rial"), "%": "%", "day": _("days"), "hour": _("hours")}
# The checks by their functions' names.
CHECKS_RUN: dict[str, Words] = {
    "has_words": _("not empty"),
    "has_a_fit_length": _("length"),
    "keeps_the_fence_inside": _("nothing of its instructions"),
    "is_free_of_debris": _("well made"),
    "is_sendable": _("can be sent"),
    "says_only_what_facts_say": _("numbers, links and names against the facts"),
    "promises_nothing": _("no promise"),
    "gives_nothing_away": _("nothing free or cheaper"),
    "keeps_the_rules_inside": _("nothing of the fixed rules"),
    "speaks_the_customers_script": _("the customer's language"),
    "says_it_in_known_words": _("every word against the facts"),
}
FACT_SOURCES: dict[str, Words] = {
    "caption": _("Caption of the post"),
    "earlier_caption": _("Caption of an earlier post"),
    "commented_caption": _("Caption of the post commented on"),
    "product": _("Product card"),
    "ad": _("Ad"),
    "catalogue": _("Catalogue"),
    "faq": _("Question and answer"),
    "page": _("Page or document"),
    "promise": _("Allowed promise"),
    "shop": _("Name of the shop"),
}
# Why a draft is stale (Draft.stale_why).
STALE: dict[str, Words] = {
    "customer_wrote": _("The customer has written since."),
    "person_wrote": _("A person has written since."),
    "edited": _("The customer has changed the question since."),
    "unsent": _("The customer has taken back what was asked."),
    "taken_over": _("Somebody has taken the conversation since."),
    "facts_changed": _("A post, the catalogue or your knowledge says something else since."),
}
STALE_OTHERWISE = _("The chat has moved on since.")

SHARE_KINDS: dict[str, Words] = {
    "post": _("Post"),
    "reel": _("Reel"),
    "story": _("Story"),
    "link": _("Link"),
}
SHARE_STATES: dict[ShareState, Words] = {
    ShareState.WAITING: _("Waits for a question"),
    ShareState.COMBINED: _("Question below"),
    ShareState.EXPIRED: _("No question came — nothing was answered"),
    ShareState.SUPERSEDED: _("A newer post took its place"),
}


def explain_hand_over(reason: str | HandOverReason | None) -> Sentence | None:
    """The sentence of a reason; None for one that nobody named."""
    try:
        return HAND_OVER[HandOverReason(reason)] if reason else None
    except ValueError:
        return None


def explain_stale(why: str | None) -> Any:
    return STALE.get(why or "", STALE_OTHERWISE)


def explain_refusal(reason: str) -> str:
    return str(REFUSED.get(reason, REFUSED_OTHERWISE))


def explain_comment_refusal(reason: str) -> str:
    return str(COMMENT_REFUSED[reason]) if reason in COMMENT_REFUSED else explain_refusal(reason)


def explain_alert(kind: str) -> Sentence:
    return ALERTS.get(kind, ALERT_OTHERWISE)


def explain_media(error: str | None) -> Sentence:
    return MEDIA_ERRORS.get(error or "", MEDIA_OTHERWISE)


def explain_reading(error: str | None) -> Sentence:
    return READING_ERRORS.get(error or "", READING_OTHERWISE)


def explain_mail(error: str | None) -> Sentence:
    return MAIL_ERRORS.get(error or "", MAIL_OTHERWISE)


def explain_delivery(error: str | None) -> Sentence:
    return DELIVERY_ERRORS.get(error or "", DELIVERY_OTHERWISE)
