"""The judge finds each kind of bug in a history that is good but for that; and nothing in a good one."""

from dataclasses import replace

import pytest

from chaos.checker import ASSISTANT, CHECKS, END, INVARIANTS, PERSON, REST, judge
from chaos.history import EVENTS, Accepted, Acted, Changed, History, Posted, Row, Said, load

SARA, REZA, MINA = "700000000000001", "700000000000002", "700000000000003"
SHARE, ASKED, PLAIN, LONE, OTHER, TAKEN, GONE, FIXED, WROTE, WHOLE = (f"بپتجچ{letter}" for letter in "خدرزژسشعغف")


def reply(*words):
    return f"{ASSISTANT}{' و '.join(words)} اطلاعی ندارم؛ در همین پست نوشته‌ایم."


def rest(*words):
    """The second part of a long answer."""
    return reply(*words).replace(ASSISTANT, REST)


LONG = reply(WHOLE) + " " + END


def good():
    """Sara shares and asks, asks again, shares without asking; takes one question back and corrects one.

    Reza asks, and a person takes his conversation over. Mina shares, and asks what has a long answer.
    """
    said = [
        Said("m-share", SARA, "share", SHARE, 1_000),
        Said("m-asked", SARA, "question", ASKED, 3_000, share_mid="m-share"),
        Said("m-plain", SARA, "question", PLAIN, 20_000),
        Said("m-lone", SARA, "share", LONE, 40_000, lone=True),
        Said("m-gone", SARA, "question", GONE, 60_000),
        Said("m-fixed", SARA, "question", FIXED, 70_000),
        Said("m-other", REZA, "question", OTHER, 2_000),
        Said("m-taken", REZA, "question", TAKEN, 30_000),
        Said("m-whole", MINA, "question", WHOLE, 50_000),
    ]
    posted = [Posted(one.mid, one.customer, "message", 200, one.at_ms + 50) for one in said]
    posted += [Posted("m-plain", SARA, "message", 503, 20_010), Posted("m-plain", SARA, "message", 200, 20_500)]
    posted += [Posted("m-gone", SARA, "unsend", 200, 60_550), Posted("m-fixed", SARA, "edit", 200, 70_550)]
    posted += [Posted("a-1", SARA, "echo", 200, 5_200)]
    texts = {
        "a-1": reply(SHARE, ASKED),
        "a-2": reply(PLAIN),
        "a-3": reply(WROTE),
        "b-1": reply(OTHER),
        "b-2": PERSON + "بله",
        "c-1": LONG,
        "c-2": rest(WHOLE),
    }
    times = {"a-1": 5_000, "a-2": 22_000, "a-3": 73_000, "b-1": 4_000, "b-2": 31_000, "c-1": 52_000, "c-2": 52_100}
    got = {"a": SARA, "b": REZA, "c": MINA}
    accepted = [Accepted(mid, got[mid[0]], texts[mid], times[mid]) for mid in texts]
    rows = [
        Row(1, "m-share", SARA, "customer", "", f"کپشن: {SHARE}", False, None, ""),
        Row(2, "m-other", REZA, "customer", OTHER, OTHER, False, 5, "person"),
        Row(3, "m-asked", SARA, "customer", ASKED, ASKED, False, 4, ""),
        Row(4, None, SARA, "assistant", texts["a-1"], texts["a-1"], False, None, ""),
        Row(5, None, REZA, "assistant", texts["b-1"], texts["b-1"], False, None, ""),
        Row(6, "m-plain", SARA, "customer", PLAIN, PLAIN, False, 7, ""),
        Row(7, None, SARA, "assistant", texts["a-2"], texts["a-2"], False, None, ""),
        Row(8, "m-taken", REZA, "customer", TAKEN, TAKEN, False, 9, "person"),
        Row(9, None, REZA, "operator", texts["b-2"], texts["b-2"], False, None, "person", [texts["b-2"]], ["sent"]),
        Row(10, "m-lone", SARA, "customer", "", f"کپشن: {LONE}", False, None, ""),
        Row(11, "m-gone", SARA, "customer", "", "", True, None, ""),
        Row(12, "m-fixed", SARA, "customer", WROTE, WROTE, False, 13, ""),
        Row(13, None, SARA, "assistant", texts["a-3"], texts["a-3"], False, None, ""),
        Row(30, "m-whole", MINA, "customer", WHOLE, WHOLE, False, 31, ""),
        Row(31, None, MINA, "assistant", "", "", False, None, "", [LONG, rest(WHOLE)], ["sent", "sent"]),
    ]
    return History(
        seed=1,
        wait_ms=8_000,
        lookback_ms=1_000,
        said=said,
        changed=[Changed("m-gone", SARA, "unsend", "", 60_500), Changed("m-fixed", SARA, "edit", WROTE, 70_500)],
        acted=[Acted(REZA, "take_over", 28_000, 28_100), Acted(REZA, "say", 30_500, 30_900, "بله")],
        posted=posted,
        accepted=accepted,
        rows=rows,
        outcomes={one.mid: ["stored"] for one in said}
        | {"m-plain": ["stored", "duplicate"]}
        | {"unsend m-gone": ["stored"], "edit m-fixed": ["ignored"], "echo a-1": ["echo"]},
        told_of=EVENTS,
        drained_seconds=14.0,
        seen={"1": ["a", "b"], "2": ["a"]},
        shown={"1": ["a", "b"], "2": ["a"]},
        panels=2,
    )


def answer(history, mid, **changes):
    history.accepted = [replace(one, **changes) if one.mid == mid else one for one in history.accepted]


def row(history, number, **changes):
    history.rows = [replace(one, **changes) if one.id == number else one for one in history.rows]


def drop_row(history, number):
    history.rows = [one for one in history.rows if one.id != number]


def drop_answer(history, mid):
    history.accepted = [one for one in history.accepted if one.mid != mid]


def send(history, text, at_ms, customer=SARA):
    history.accepted.append(Accepted(f"x-{at_ms}", customer, text, at_ms))


def of_said(history, mid, **changes):
    history.said = [replace(one, **changes) if one.mid == mid else one for one in history.said]


def ask_first(history, seconds=0.5):
    """The question was typed so long before its share, and came after it."""
    of_said(history, "m-asked", at_ms=1_000 - round(1000 * seconds))


def together(history):
    """Share and question came in one webhook."""
    for mid in ("m-share", "m-asked"):
        of_said(history, mid, batch="m-share")
    same = {"at_ms": 3_050, "began_ms": 3_040}
    history.posted = [replace(one, **same) if one.mid in ("m-share", "m-asked") else one for one in history.posted]


OLDER = SHARE[::-1]


def share_before(history):
    """Another share, of which the question is not."""
    history.said.append(Said("m-older", SARA, "share", OLDER, 500))
    history.posted.append(Posted("m-older", SARA, "message", 200, 600))
    history.outcomes["m-older"] = ["stored"]
    history.rows.append(Row(0, "m-older", SARA, "customer", "", f"کپشن: {OLDER}", False, None, ""))
    of_said(history, "m-asked", older_mid="m-older")


def correct(history, **changes):
    history.changed = [replace(one, **changes) if one.kind == "edit" else one for one in history.changed]


def refuse(history, mid):
    history.posted = [replace(one, status=503) if one.mid == mid else one for one in history.posted]


def lose(history, mid="b-2", **shown):
    """The customer never got what the person wrote; so it stands with us."""
    drop_answer(history, mid)
    row(history, 9, **shown)


def say(history, **changes):
    history.acted = [replace(one, **changes) if one.kind == "say" else one for one in history.acted]


PLANTED = {
    # I1
    "an edit is on no ledger": ("I1", lambda h: h.outcomes.pop("edit m-fixed")),
    "an unsend is on no ledger": ("I1", lambda h: h.outcomes.pop("unsend m-gone")),
    "an echo is on no ledger": ("I1", lambda h: h.outcomes.pop("echo a-1")),
    "an echo failed": ("I1", lambda h: h.outcomes.update({"echo a-1": ["failed"]})),
    "one of two bodies that were taken is on no ledger": ("I1", lambda h: h.outcomes.update({"m-plain": ["stored"]})),
    "an event is on no ledger": ("I1", lambda h: h.outcomes.pop("m-plain")),
    "an event has no outcome": ("I1", lambda h: h.outcomes.update({"m-plain": [""]})),
    "an event failed": ("I1", lambda h: h.outcomes.update({"m-plain": ["failed"]})),
    "an event was stored twice": ("I1", lambda h: h.outcomes.update({"m-plain": ["stored", "stored"]})),
    "a body was never read": ("I1", lambda h: setattr(h, "unread", 1)),
    # I2
    "a question is lost": ("I2", lambda h: drop_row(h, 6)),
    "a share is lost": ("I2", lambda h: drop_row(h, 10)),
    "a message is there twice": ("I2", lambda h: h.rows.append(replace(h.rows[5], id=99))),
    "a message that nobody sent": ("I2", lambda h: h.rows.append(replace(h.rows[5], id=99, external_id="m-x"))),
    "a message is somebody else's": ("I2", lambda h: row(h, 6, customer=REZA)),
    "the words were changed": ("I2", lambda h: row(h, 6, text="سلام")),
    "an event never got its 200": ("I2", lambda h: refuse(h, "m-other")),
    "an edit never got its 200": ("I2", lambda h: h.posted.remove(Posted("m-fixed", SARA, "edit", 200, 70_550))),
    "a correction is lost": ("I2", lambda h: row(h, 12, text=FIXED)),
    "of two corrections the older one stands": (
        "I2",
        lambda h: h.changed.append(Changed("m-fixed", SARA, "edit", FIXED[::-1], 71_000)),
    ),
    # I3
    "the same answer twice": ("I3", lambda h: send(h, reply(SHARE, ASKED), 6_000)),
    "a question again in a later answer": ("I3", lambda h: answer(h, "a-2", text=reply(PLAIN, ASKED))),
    "once as typed and once as corrected": ("I3", lambda h: send(h, reply(FIXED), 72_000)),
    "somebody else's answer": ("I3", lambda h: answer(h, "a-2", text=reply(PLAIN, OTHER))),
    "what a person wrote went to somebody else": ("I3", lambda h: send(h, PERSON + "بله", 32_000, SARA)),
    "what a person wrote went out twice": ("I3", lambda h: send(h, PERSON + "بله", 32_000, REZA)),
    "what a person wrote is lost": ("I3", lambda h: (lose(h), drop_row(h, 9))),
    "what a person wrote is called sent": ("I3", lambda h: lose(h)),
    "what a person wrote has nobody to send it": ("I3", lambda h: lose(h, parts=[], states=[])),
    "what a person wrote failed by itself": ("I3", lambda h: lose(h, states=["failed"])),
    "what a person wrote may have arrived, and nobody is told": (
        "I3",
        lambda h: lose(h, states=["unknown"], waits_for=""),
    ),
    "what a person wrote is refused": ("I3", lambda h: say(h, is_taken=False)),
    "a second part twice": ("I3", lambda h: send(h, rest(WHOLE), 52_200, MINA)),
    # I4
    "a lone share is answered": ("I4", lambda h: send(h, reply(LONE), 50_000)),
    "the model's raw answer": ("I4", lambda h: answer(h, "a-2", text='{"reply": "' + reply(PLAIN) + '"}')),
    "an empty text": ("I4", lambda h: send(h, "", 50_000)),
    "an apology": ("I4", lambda h: send(h, "همکاران ما پاسخ می‌دهند.", 50_000)),
    "an answer whose end is cut off": ("I4", lambda h: answer(h, "a-2", text=reply(PLAIN)[:-9])),
    "whoever only shared is told something": (
        "I4",
        lambda h: h.said.remove(Said("m-whole", MINA, "question", WHOLE, 50_000)),
    ),
    "a lone share within another answer": ("I4", lambda h: answer(h, "a-3", text=reply(LONE, WROTE))),
    "an answer to nothing": ("I4", lambda h: send(h, ASSISTANT + "همه: سلام", 50_000)),
    "a question without its share": ("I4", lambda h: answer(h, "a-1", text=reply(ASKED))),
    "a question without the share it was typed before": (
        "I4",
        lambda h: (ask_first(h), answer(h, "a-1", text=reply(ASKED))),
    ),
    "a question without the share it came with": ("I4", lambda h: (together(h), answer(h, "a-1", text=reply(ASKED)))),
    "a question with an older share too": (
        "I4",
        lambda h: (share_before(h), answer(h, "a-1", text=reply(SHARE, ASKED, OLDER))),
    ),
    "a question with an older share alone": (
        "I4",
        lambda h: (share_before(h), answer(h, "a-1", text=reply(ASKED, OLDER))),
    ),
    # I5
    "answers in the wrong order": ("I5", lambda h: answer(h, "a-1", at_ms=30_000)),
    "an answer without what was known": ("I5", lambda h: row(h, 3, answered_by=7)),
    "the second part comes first": ("I5", lambda h: answer(h, "c-2", at_ms=51_900)),
    "something comes between the parts": ("I5", lambda h: send(h, reply(PLAIN), 52_050, MINA)),
    "a second part belongs to nothing": ("I5", lambda h: drop_answer(h, "c-1")),
    "a correction was known, and the old words are answered": (
        "I5",
        lambda h: (correct(h, known_ms=72_000), answer(h, "a-3", text=reply(FIXED))),
    ),
    # I6
    "a question is left alone": ("I6", lambda h: (row(h, 6, answered_by=None), drop_answer(h, "a-2"))),
    "an answer that never left": ("I6", lambda h: drop_answer(h, "a-2")),
    "half an answer": ("I6", lambda h: drop_answer(h, "c-2")),
    "people are called for what nobody did": ("I6", lambda h: h.handed_over.update({"not_known": 1})),
    "people are called for every post": ("I6", lambda h: h.handed_over.update({"reply_unusable": 31})),
    "people are called without end": ("I6", lambda h: h.handed_over.update({"model_failed": 9})),
    "a turn is open for ever": ("I6", lambda h: h.unfinished.update({"turns": 1})),
    "a share waits for ever": ("I6", lambda h: h.unfinished.update({"waiting shares": 2})),
    "it took too long": ("I6", lambda h: setattr(h, "drained_seconds", 121.0)),
    "it never ended": ("I6", lambda h: setattr(h, "drained_seconds", None)),
    # I7
    "the assistant after a person": ("I7", lambda h: send(h, reply(TAKEN), 33_000, REZA)),
    "the assistant before it was given back": (
        "I7",
        lambda h: (h.acted.append(Acted(REZA, "give_back", 90_000, 90_100)), send(h, reply(TAKEN), 33_000, REZA)),
    ),
    # I8
    "an open panel misses a message": ("I8", lambda h: h.seen.update({"1": ["a"]})),
    "an open panel shows an old text": ("I8", lambda h: h.seen.update({"1": ["a", "b, once"]})),
    "an open panel shows nothing": ("I8", lambda h: h.seen.clear()),
    "no panel was opened": ("I8", lambda h: (h.seen.clear(), h.shown.clear())),
    "a panel too few": ("I8", lambda h: (h.seen.pop("2"), h.shown.pop("2"))),
    "old and new are empty alike": ("I8", lambda h: (h.seen.update({"1": []}), h.shown.update({"1": []}))),
    # I9
    "what was unsent is still there": ("I9", lambda h: h.kept_words.append(GONE)),
}


def invariants(history):
    return {violation.invariant for violation in judge(history)}


def test_a_good_history_violates_nothing():
    assert judge(good()) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name):
    invariant, plant = PLANTED[name]
    history = good()

    plant(history)

    assert invariant in invariants(history)


def test_every_invariant_and_every_check_has_a_planted_bug():
    found = set()
    for _, plant in PLANTED.values():
        history = good()
        plant(history)
        found |= {check for check in CHECKS if list(check(history))}

    assert found == set(CHECKS)
    assert {invariant for invariant, _ in PLANTED.values()} == set(INVARIANTS)


# --- what is no violation --------------------------------------------------------------------------------------------


def test_a_send_that_was_under_way_when_a_person_took_over_may_arrive():
    history = good()
    send(history, reply(TAKEN), 28_100 + 1_000, REZA)

    assert "I7" not in invariants(history)


def test_the_assistant_may_write_again_after_it_was_given_back():
    history = good()
    history.acted.append(Acted(REZA, "give_back", 40_000, 40_100))
    send(history, reply(TAKEN), 41_000, REZA)

    assert judge(history) == []


def test_a_share_that_came_after_its_question_may_be_missing_in_the_answer():
    history = good()
    history.posted = [replace(one, at_ms=9_000) if one.mid == "m-share" else one for one in history.posted]
    answer(history, "a-1", text=reply(ASKED))
    row(history, 4, text=reply(ASKED))

    assert judge(history) == []


def test_a_question_may_be_on_the_ledger_by_a_post_that_was_never_answered():
    """The server died after the commit: the ledger has the question once more than it was called taken."""
    history = good()
    history.posted = [replace(one, at_ms=9_000) if one.mid == "m-share" else one for one in history.posted]
    history.posted = [replace(one, at_ms=9_500) if one.mid == "m-asked" else one for one in history.posted]
    history.posted.append(Posted("m-asked", SARA, "message", None, 3_100))
    history.outcomes["m-asked"] = ["stored", "duplicate"]
    answer(history, "a-1", text=reply(ASKED))
    row(history, 4, text=reply(ASKED))

    assert judge(history) == []


def test_a_post_that_was_never_answered_is_no_excuse_where_the_ledger_knows_of_no_other():
    history = good()
    history.posted.append(Posted("m-asked", SARA, "message", None, 900))
    answer(history, "a-1", text=reply(ASKED))

    assert "I4" in invariants(history)


def test_a_question_comes_when_its_post_begins_and_a_share_when_its_post_is_answered():
    history = good()
    history.posted = [replace(one, at_ms=3_040) if one.mid == "m-share" else one for one in history.posted]
    history.posted = [replace(one, began_ms=3_030) if one.mid == "m-asked" else one for one in history.posted]
    answer(history, "a-1", text=reply(ASKED))
    row(history, 4, text=reply(ASKED))

    assert judge(history) == []


def test_a_question_may_have_been_typed_before_its_share_and_be_answered_with_it():
    history = good()
    ask_first(history)

    assert judge(history) == []


def test_one_typed_too_long_before_a_share_is_not_about_it():
    history = good()
    ask_first(history, seconds=1.1)
    answer(history, "a-1", text=reply(ASKED))
    row(history, 4, text=reply(ASKED))

    assert judge(history) == []


def test_with_two_shares_before_it_a_question_is_answered_with_the_newer():
    history = good()
    share_before(history)

    assert judge(history) == []


def test_with_the_older_where_the_newer_came_late():
    history = good()
    share_before(history)
    history.posted = [replace(one, at_ms=9_000) if one.mid == "m-share" else one for one in history.posted]
    answer(history, "a-1", text=reply(ASKED, OLDER))
    row(history, 4, text=reply(ASKED, OLDER))

    assert judge(history) == []


def read_back(history, share_came_ms):
    """Both webhooks came late; the question was answered at 5,000 all the same, for it was read back."""
    late = {"m-share": share_came_ms, "m-asked": share_came_ms + 500}
    history.posted = [replace(one, at_ms=late.get(one.mid, one.at_ms)) for one in history.posted]
    answer(history, "a-1", text=reply(ASKED))
    row(history, 4, text=reply(ASKED))


def test_an_answer_from_before_the_webhook_of_its_share_cannot_know_the_caption():
    history = good()
    read_back(history, share_came_ms=6_000)

    assert judge(history) == []


def test_an_answer_from_after_the_webhook_of_its_share_knows_it_however_the_question_came():
    history = good()
    read_back(history, share_came_ms=4_000)

    assert invariants(history) == {"I4"}


def test_a_reply_that_nobody_got_passed_nothing_over():
    """It was recorded, a person took over before it left, and the question was answered later with the next one."""
    history = good()
    row(history, 3, answered_by=7)
    row(history, 6, answered_by=7)
    drop_answer(history, "a-1")
    answer(history, "a-2", text=reply(SHARE, ASKED, PLAIN))
    row(history, 7, text=reply(SHARE, ASKED, PLAIN))

    assert judge(history) == []


def late_question(history, first_ms, came_ms, **stored):
    """It came at this time, and is answered by the next turn; the answer recorded at 73,000 passed it over, which
    answers a burst that began at `first_ms`."""
    word = TAKEN[::-1]
    history.quiet_max_ms = 15_000
    times = {"m-fixed": first_ms}
    history.posted = [replace(one, at_ms=times.get(one.mid, one.at_ms)) for one in history.posted]
    history.said.append(Said("m-late", SARA, "question", word, came_ms))
    history.posted.append(Posted("m-late", SARA, "message", 200, came_ms))
    history.outcomes["m-late"] = ["stored"]
    row(history, 12, answered_by=14)
    row(history, 13, id=14)
    history.rows.append(Row(13, "m-late", SARA, "customer", word, word, False, 15, "", **stored))
    history.rows.append(Row(15, None, SARA, "assistant", reply(word), reply(word), False, None, ""))
    send(history, reply(word), 80_000)


def test_what_comes_while_the_answer_to_a_burst_over_its_time_is_written_is_the_next_turns():
    history = good()
    late_question(history, first_ms=50_000, came_ms=72_300)

    assert judge(history) == []


def written_anew(history, **failed):
    """Of Sara's second answer, one with the same words was recorded before."""
    text = reply(PLAIN)
    row(history, 6, answered_by=8)
    row(history, 8, id=16)
    row(history, 7, id=8, states=["sent"])
    history.rows.append(Row(7, None, SARA, "assistant", text, text, False, None, "", [text], **failed))


def test_an_answer_that_failed_and_was_written_anew_in_the_same_words_passed_nothing_over():
    history = good()
    written_anew(history, states=["failed"])

    assert judge(history) == []


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_one_that_did_not_fail_is_held_to_its_questions_though_another_has_its_words(state):
    history = good()
    written_anew(history, states=[state])

    assert invariants(history) == {"I5"}


def test_of_a_young_burst_the_answer_holds_what_comes_while_it_is_written():
    history = good()
    late_question(history, first_ms=70_050, came_ms=72_300)

    assert invariants(history) == {"I5"}


def test_what_came_long_before_the_answer_was_begun_is_in_it_however_old_the_burst():
    history = good()
    late_question(history, first_ms=20_000, came_ms=40_000)

    assert invariants(history) == {"I5"}


def test_when_it_came_is_when_it_was_written_down_where_that_is_known():
    history = good()
    late_question(history, first_ms=50_000, came_ms=50_100, at_ms=72_300)

    assert judge(history) == []


def test_a_share_may_be_answered_with_another_question_that_came_in_the_same_second():
    history = good()
    history.said.append(Said("m-twin", SARA, "question", TAKEN[::-1], 2_900, share_mid="m-share"))
    history.posted.append(Posted("m-twin", SARA, "message", 200, 3_400))
    history.rows.append(Row(14, "m-twin", SARA, "customer", TAKEN[::-1], TAKEN[::-1], False, 15, ""))
    history.rows.append(Row(15, None, SARA, "assistant", reply(TAKEN[::-1]), "", False, None, ""))
    history.outcomes["m-twin"] = ["stored"]
    send(history, reply(TAKEN[::-1]), 80_000)

    assert judge(history) == []


def test_a_share_that_was_answered_with_a_question_that_came_much_later_was_taken_wrongly():
    history = good()
    history.said.append(Said("m-twin", SARA, "question", TAKEN[::-1], 2_900, share_mid="m-share"))
    history.posted.append(Posted("m-twin", SARA, "message", 200, 1_100))
    send(history, reply(TAKEN[::-1]), 80_000)

    assert "I4" in invariants(history)


def test_a_question_may_be_in_a_persons_hands():
    history = good()
    row(history, 6, answered_by=None, waits_for="person")
    drop_answer(history, "a-2")
    drop_row(history, 7)

    assert judge(history) == []


def test_a_correction_that_was_never_taken_need_not_stand_there():
    history = good()
    history.posted = [one for one in history.posted if one.event != "edit"]
    row(history, 12, text=FIXED)

    assert [one.what for one in judge(history)] == ["the edit of m-fixed never got a 2xx"]


def test_an_answer_to_the_old_words_may_have_left_before_the_correction_was_known():
    history = good()
    correct(history, known_ms=74_000)
    answer(history, "a-3", text=reply(FIXED))

    assert judge(history) == []


def test_what_a_person_wrote_may_fail_where_the_provider_refused_it_and_people_see_that():
    history = good()
    lose(history, states=["failed"])
    history.met.append(REZA)

    assert judge(history) == []


def test_nor_need_it_be_known_whether_it_arrived_where_they_were_asked():
    history = good()
    lose(history, states=["unknown"])

    assert judge(history) == []


def test_who_gave_it_back_afterwards_had_seen_it():
    history = good()
    lose(history, states=["unknown"], waits_for="")
    history.acted.append(Acted(REZA, "give_back", 40_000, 40_100))

    assert judge(history) == []


def test_nor_is_what_their_uncertain_reply_answered_left_alone_then():
    history = good()
    lose(history, states=["unknown"], waits_for="")
    row(history, 8, waits_for="")
    assert invariants(history) == {"I3", "I6"}

    history.acted.append(Acted(REZA, "give_back", 40_000, 40_100))

    assert judge(history) == []


@pytest.mark.parametrize(("at_ms", "found"), [(21_000, {"I6"}), (25_000, set())], ids=["before", "after"])
def test_an_uncertain_answer_of_the_assistant_was_seen_by_who_gave_the_conversation_back_after_it(at_ms, found):
    history = good()
    drop_answer(history, "a-2")
    row(history, 7, states=["unknown"], at_ms=22_000)
    assert invariants(history) == {"I6"}

    history.acted.append(Acted(SARA, "give_back", at_ms, at_ms + 100))

    assert invariants(history) == found


def test_a_reply_that_failed_answers_nothing_whoever_gave_the_conversation_back():
    history = good()
    lose(history, states=["failed"], waits_for="")
    row(history, 8, waits_for="")
    history.acted.append(Acted(REZA, "give_back", 40_000, 40_100))

    assert "I6" in invariants(history)


def test_a_take_over_that_was_refused_is_none():
    history = good()
    history.acted.append(Acted(SARA, "take_over", 10_000, 10_100, is_taken=False))

    assert judge(history) == []


def test_half_an_answer_may_be_all_where_a_person_stepped_in():
    history = good()
    drop_answer(history, "c-2")
    history.acted.append(Acted(MINA, "take_over", 52_050, 52_060))

    assert judge(history) == []


def test_people_may_be_called_for_what_the_run_did():
    history = good()
    history.handed_over = {"model_failed": 9, "delivery_unknown": 12, "repeated_misunderstanding": 2}
    history.model_failures, history.blows = 4, {"worker": [3, 2]}

    assert judge(history) == []


def test_a_run_with_fewer_customers_than_panels_opens_one_for_each():
    history = good()
    history.panels = 3
    assert "I8" in invariants(history)

    history.seen["3"] = history.shown["3"] = ["c"]
    history.panels = 12

    assert judge(history) == []


def test_of_events_that_a_history_does_not_tell_nothing_is_said():
    history = good()
    history.told_of = ["message"]
    history.outcomes = {key: found for key, found in history.outcomes.items() if " " not in key}

    assert judge(history) == []


def test_a_history_is_read_back_as_it_was_written(tmp_path):
    history = good()

    history.save(tmp_path / "history.json")

    assert load(tmp_path / "history.json") == history
