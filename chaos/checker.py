"""The judge: what a history violates, per invariant. It knows nothing of Pilito's code and asks nobody.

The invariants are those of the house (I1–I8), with two of the share's own rules beside them:

    I1  every event that was answered 2xx is in the ledger, with an outcome, and read
    I2  every message is stored once
    I3  every question is answered at most once
    I4  a share without a question is never answered; a question is answered with the share it is about
    I5  answers come in order, each with all that was known before it
    I6  everything is finished within two minutes of the last fault, and no question is left alone
    I7  the assistant sends nothing after a person took over
    I8  a panel that stayed open shows what a newly opened one shows
    I9  what was unsent stands nowhere
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chaos.history import Accepted, Acted, Changed, History, Row, Said, key_of

ASSISTANT = "درباره "  # how every answer of the model begins
REST = "باز درباره "  # how the second part of a long one begins
END = "نوشته‌ایم."  # how every part ends; a long first part says it several times
PERSON = "همکار: "  # how everything begins that a person writes
DRAIN_SECONDS = 120.0
# A send that was under way when the person took over may arrive; a call of ours lasts no longer than that.
UNDER_WAY_MS = 1_500
# Of what people are called for, so much needs no cause that a run has made: a slow machine, words that are alike.
FOR_NO_CAUSE = 0.01
FEW = 5
# Whose death leaves sends of which nobody knows what became of them, and how many it can be each time.
UNDER_WAY, SENDS_UNDER_WAY = ("worker", "database"), 4
# Two webhooks at the server in the same second may be taken in either order.
SAME_TIME_MS = 1_000
# An answer is begun no earlier than so long before it is recorded: two calls of the model, with two tries each.
WRITING_MS = 20_000
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Violation:
    invariant: str
    customer: str
    what: str


Check = Callable[[History], Iterable[Violation]]


def answers(history: History) -> list[Accepted]:
    """What the assistant sent, in the order in which the provider accepted it."""
    sent = [one for one in history.accepted if one.text.startswith(ASSISTANT)]
    return sorted(sent, key=lambda one: one.at_ms)


def rests(history: History) -> list[Accepted]:
    """The second parts of long answers, in the order in which the provider accepted them."""
    sent = [one for one in history.accepted if one.text.startswith(REST)]
    return sorted(sent, key=lambda one: one.at_ms)


def is_long(one: Accepted) -> bool:
    """Whether a second part belongs to this answer."""
    return one.text.startswith(ASSISTANT) and one.text.count(END) > 1


def words(text: str) -> set[str]:
    return set(WORD.findall(text))


Answers = dict[str, list[tuple[Accepted, set[str]]]]


def _answers_of(history: History) -> Answers:
    """Each customer's answers with the words in them."""
    return _by_customer(answers(history))


def _by_customer(sent: Iterable[Accepted]) -> Answers:
    found: Answers = defaultdict(list)
    for one in sent:
        found[one.customer].append((one, words(one.text)))
    return found


# --- I1, I2 ----------------------------------------------------------------------------------------------------------


def everything_taken_is_in_the_ledger(history: History) -> Iterable[Violation]:
    if history.unread:
        yield Violation("I1", "", f"{history.unread} webhooks in the ledger were never read")
    taken = Counter((one.event, one.mid, one.customer) for one in history.posted if one.is_taken)
    unsent = {change.mid for change in history.changed if change.kind == "unsend"}  # emptied in the ledger too
    for (event, mid, customer), times in sorted(taken.items()):
        if event not in history.told_of or (event == "message" and mid in unsent):
            continue
        what, outcomes = f"the {event} {mid}", history.outcomes.get(key_of(event, mid), [])
        if len(outcomes) < times:
            yield Violation("I1", customer, f"{what} was answered 200 {times} times, {len(outcomes)} are in the ledger")
        elif "failed" in outcomes or "" in outcomes:
            yield Violation("I1", customer, f"{what} has the outcomes {outcomes}")
        elif event == "message" and outcomes.count("stored") > 1:
            yield Violation("I1", customer, f"{what} was stored {outcomes.count('stored')} times")


def every_message_is_stored_once(history: History) -> Iterable[Violation]:
    stored = Counter(row.external_id for row in history.rows if row.sender == "customer")
    taken = {one.mid for one in history.posted if one.is_taken and one.event == "message"}
    for said in history.said:
        if said.mid not in taken:
            yield Violation("I2", said.customer, f"{said.mid} never got a 2xx: the provider gave it up")
        elif stored[said.mid] == 0:
            yield Violation("I2", said.customer, f"{said.mid} is lost")
        elif stored[said.mid] > 1:
            yield Violation("I2", said.customer, f"{said.mid} is there {stored[said.mid]} times")
    known = {said.mid for said in history.said}
    for external_id in sorted(mid for mid in stored if mid not in known):
        yield Violation("I2", "", f"{external_id} was never said by anybody")


def every_message_is_stored_with_its_customer(history: History) -> Iterable[Violation]:
    author = {said.mid: said.customer for said in history.said}
    for row in history.rows:
        if row.sender == "customer" and author.get(row.external_id or "", row.customer) != row.customer:
            yield Violation("I2", row.customer, f"{row.external_id} is somebody else's message")


def words_are_those_that_were_typed(history: History) -> Iterable[Violation]:
    """A stored question says what its customer typed; after an edit that was taken, what that says."""
    edits, taken = _edits(history), {one.mid for one in history.posted if one.is_taken and one.event == "edit"}
    rows = {row.external_id: row for row in history.rows if row.sender == "customer"}
    for said in _questions(history):
        row = rows.get(said.mid)
        if row is None or row.is_deleted:
            continue
        corrected = [edit.word for edit in edits.get(said.mid, [])]
        right = set(corrected[-1:]) if said.mid in taken else {said.word, *corrected}
        if not words(row.text) & right:
            yield Violation("I2", said.customer, f"{said.mid} does not say what was typed")


def every_change_is_taken(history: History) -> Iterable[Violation]:
    taken = {(one.mid, one.event) for one in history.posted if one.is_taken}
    for change in history.changed:
        if (change.mid, change.kind) not in taken:
            yield Violation("I2", change.customer, f"the {change.kind} of {change.mid} never got a 2xx")


# --- I3 --------------------------------------------------------------------------------------------------------------


def every_question_is_answered_once(history: History) -> Iterable[Violation]:
    """Once by an answer, and once by the second part of one."""
    names = _names_of_questions(history)
    for given in (_answers_of(history), _by_customer(rests(history))):
        for said in _questions(history):
            times = sum(bool(names[said.mid] & in_answer) for _, in_answer in given[said.customer])
            if times > 1:
                yield Violation("I3", said.customer, f"{said.mid} was answered {times} times")


def nobody_gets_another_ones_answer(history: History) -> Iterable[Violation]:
    owner = {said.word: said.customer for said in history.said}
    owner |= {acted.word: acted.customer for acted in history.acted if acted.kind == "say"}
    for one in history.accepted:
        others = {word for word in words(one.text) if owner.get(word, one.customer) != one.customer}
        if others:
            yield Violation("I3", one.customer, f"{one.mid} has words of or for somebody else")


def what_people_write_arrives_once(history: History) -> Iterable[Violation]:
    """Twice is wrong; never is, unless the provider did not take it, or may have, and people were shown that."""
    sent = Counter(word for one in history.accepted if one.text.startswith(PERSON) for word in words(one.text))
    rows = {word: row for row in history.rows if row.sender == "operator" for word in words(row.text)}
    for acted in (one for one in history.acted if one.kind == "say"):
        times = sent[acted.word]
        if times > 1:
            yield Violation("I3", acted.customer, f"what a person wrote was sent {times} times")
        elif not acted.is_taken:
            yield Violation("I3", acted.customer, "what a person wrote was refused, for no reason that a run has")
        elif times == 0 and (why := _why_lost(history, acted, rows.get(acted.word))):
            yield Violation("I3", acted.customer, f"what a person wrote never arrived: {why}")


def _why_lost(history: History, said: Acted, row: Row | None) -> str:
    """What is wrong about a reply that the customer never got; "" where the provider is to blame, and people know."""
    if row is None:
        return "it is nowhere"
    state = row.states[-1] if row.states else "to be sent by nobody"
    if state not in ("failed", "unknown"):
        return f"it is {state}"
    if state == "failed" and said.customer not in history.met:
        return "it failed, and the provider refused nothing"
    was_seen = row.waits_for or _was_given_back(history, said.customer, said.done_ms)
    return "" if was_seen else f"it is {state}, and no person was shown that"


def _was_given_back(history: History, customer: str, since_ms: float) -> bool:
    """Whether a person let the assistant go on after that, who had before them what had perhaps not arrived."""
    given_back = [one for one in history.acted if one.customer == customer and one.kind == "give_back" and one.is_taken]
    return any(one.asked_ms > since_ms for one in given_back)


# --- I4 --------------------------------------------------------------------------------------------------------------


def nothing_is_said_that_nobody_wrote(history: History) -> Iterable[Violation]:
    """What leaves is an answer of the model, whole, or what a person wrote: no line of anybody else's."""
    asked = {said.customer for said in _questions(history)}
    for one in history.accepted:
        if one.text.startswith(PERSON):
            continue
        if not one.text.startswith((ASSISTANT, REST)):
            yield Violation("I4", one.customer, f"{one.mid} says what nobody wrote: {one.text[:40]!r}")
        elif not one.text.endswith(END):
            yield Violation("I4", one.customer, f"{one.mid} is a piece of an answer")
        elif one.customer not in asked:
            yield Violation("I4", one.customer, f"{one.mid} was sent to somebody who asked nothing")


def a_lone_share_is_not_answered(history: History) -> Iterable[Violation]:
    said, corrected = {one.word: one for one in history.said}, _edited_words(history)
    near = _shares_near_a_question(history)
    for one in (*answers(history), *rests(history)):
        found = [said[word] for word in words(one.text) if word in said]
        for lone in (known for known in found if known.lone and known.mid not in near):
            yield Violation("I4", one.customer, f"{one.mid} answers the lone share {lone.mid}")
        if not any(known.kind == "question" for known in found) and not words(one.text) & corrected:
            yield Violation("I4", one.customer, f"{one.mid} answers no question at all")


def a_question_is_answered_with_its_share(history: History) -> Iterable[Violation]:
    """And with no older one, where the share had come before the question did, or with it; else the answer may have
    gone out without it."""
    came, can_have_come = _surely_taken(history), _perhaps_taken(history)
    given, mids = _answers_of(history), _mid_by_word(history)
    shares = {said.mid: said for said in history.said if said.kind == "share"}
    unsent = {change.mid for change in history.changed if change.kind == "unsend"}
    for question in _questions(history):
        share = shares.get(question.share_mid)
        if share is None or share.mid in unsent or question.mid not in came or share.mid not in came:
            continue
        is_in_time = -history.lookback_ms <= question.at_ms - share.at_ms < history.wait_ms
        is_together = bool(share.batch) and share.batch == question.batch
        if not is_in_time or (came[share.mid] > can_have_come[question.mid] and not is_together):
            continue
        older = shares.get(question.older_mid)
        for one, in_answer in given[question.customer]:
            if question.word in in_answer and older is not None and older.word in in_answer:
                yield Violation("I4", question.customer, f"{question.mid} was answered with the older {older.mid} too")
            if question.word not in in_answer or share.word in in_answer:
                continue
            if one.at_ms < came[share.mid]:
                continue  # both were read back from the provider, who tells no caption; the webhooks came after that
            known_ms = _taken_by(share, one, given[question.customer], can_have_come, mids)
            if known_ms is None or came[question.mid] + SAME_TIME_MS < known_ms:
                yield Violation("I4", question.customer, f"{question.mid} was answered without its share {share.mid}")


def _taken_by(
    share: Said, before: Accepted, given: list[tuple[Accepted, set[str]]], came: dict[str, int], mids: dict[str, str]
) -> int | None:
    """When the newest question came of an earlier answer that has the share already; None without such an answer."""
    for one, in_answer in given:
        if one.at_ms < before.at_ms and share.word in in_answer:
            return max((came[mids[word]] for word in in_answer if mids.get(word) in came), default=None)
    return None


# --- I5 --------------------------------------------------------------------------------------------------------------


def answers_come_in_order(history: History) -> Iterable[Violation]:
    """Of two answers the later one holds something newer: nobody is answered backwards."""
    place = {row.external_id: row.id for row in history.rows if row.sender == "customer"}
    by_word = _mid_by_word(history)
    newest: dict[str, int] = {}
    for one in answers(history):
        places = [place[by_word[word]] for word in words(one.text) if by_word.get(word) in place]
        if places and max(places) < newest.get(one.customer, 0):
            yield Violation("I5", one.customer, f"{one.mid} answers what stood before the answer it follows")
        newest[one.customer] = max([newest.get(one.customer, 0), *places])


def an_answer_holds_all_that_was_known(history: History) -> Iterable[Violation]:
    """A question stored before an answer was recorded is in that answer, unless it was settled before."""
    questions = {said.mid for said in _questions(history)}
    replies = defaultdict(list)
    for row, sent_ms in _got(history):  # one that nobody got may have held the question itself
        replies[row.customer].append(replace(row, at_ms=row.at_ms or sent_ms))
    stored, began = _stored_ms(history), _bursts_began(history)
    for row in history.rows:
        if row.external_id not in questions or row.is_deleted or row.answered_by is None:
            continue
        came_ms = stored.get(row.id, 0)
        for reply in replies[row.customer]:
            is_passed = row.id < reply.id < row.answered_by
            # The burst had lasted as long as one may: its answer was finished without what came while it was written.
            is_over = came_ms >= began.get(reply.id, came_ms) + history.quiet_max_ms
            if is_passed and not (is_over and came_ms >= reply.at_ms - WRITING_MS):
                yield Violation("I5", row.customer, f"message {row.id} was known to answer {reply.id} and is not in it")
                break


def a_corrected_question_is_answered_as_it_is_now(history: History) -> Iterable[Violation]:
    """Where the correction was read while the model thought, what it thought of is void."""
    given, said = _answers_of(history), {one.mid: one for one in history.said}
    for change in (one for one in history.changed if one.kind == "edit" and one.known_ms):
        for one, in_answer in given[change.customer]:
            if said[change.mid].word in in_answer and one.at_ms > change.known_ms:
                yield Violation(
                    "I5", change.customer, f"{one.mid} answers {change.mid} as it was before its correction"
                )


def a_long_answer_comes_in_its_order(history: History) -> Iterable[Violation]:
    """The second part comes right after the first."""
    said, before = _said_words(history), dict[str, Accepted]()
    for one in sorted((*answers(history), *rests(history)), key=lambda one: one.at_ms):
        first = before.get(one.customer)
        follows = first is not None and is_long(first) and words(first.text) & said == words(one.text) & said
        if one.text.startswith(REST) and not follows:
            yield Violation("I5", one.customer, f"{one.mid} is the second part of what did not come right before it")
        before[one.customer] = one


def _got(history: History) -> Iterable[tuple[Row, int]]:
    """Each reply of the assistant that its customer got, with when. A reply that failed and was written anew may have
    the same words; it is not one of those that left, while there is another that did not fail."""
    sent = {(one.customer, one.text): one.at_ms for one in answers(history)}
    written = [row for row in history.rows if row.sender == "assistant"]
    whole = {(row.customer, _first_part(row)) for row in written if not _has_failed(row)}
    for row in written:
        words = (row.customer, _first_part(row))
        if words in sent and not (_has_failed(row) and words in whole):
            yield row, sent[words]


def _has_failed(row: Row) -> bool:
    return row.states[:1] == ["failed"]


def _stored_ms(history: History) -> dict[int, int]:
    """When each message of a customer was stored; where Pilito has not told, when its webhook can first have come."""
    came = _perhaps_taken(history)
    customers = (row for row in history.rows if row.sender == "customer")
    return {row.id: row.at_ms or came.get(row.external_id or "", 0) for row in customers}


def _bursts_began(history: History) -> dict[int, int]:
    """When the first of the questions was stored that a reply answers, by the reply's row."""
    stored, began = _stored_ms(history), dict[int, int]()
    for row in history.rows:
        if row.answered_by is not None and row.id in stored:
            began[row.answered_by] = min(began.get(row.answered_by, stored[row.id]), stored[row.id])
    return began


# --- I6 --------------------------------------------------------------------------------------------------------------


def everything_is_finished(history: History) -> Iterable[Violation]:
    for name, count in sorted(history.unfinished.items()):
        if count:
            yield Violation("I6", "", f"{count} {name} are not finished")
    if history.drained_seconds is None or history.drained_seconds > DRAIN_SECONDS:
        yield Violation("I6", "", f"it took {history.drained_seconds} s after the last fault to finish everything")


def a_long_answer_arrives_whole(history: History) -> Iterable[Violation]:
    """Both its parts do, but where people have the conversation, or have had it."""
    with_people = {one.customer for one in history.acted}
    with_people |= {row.customer for row in history.rows if row.waits_for}
    said = _said_words(history)
    came = {(one.customer, frozenset(words(one.text) & said)) for one in rests(history)}
    for one in filter(is_long, answers(history)):
        is_whole = (one.customer, frozenset(words(one.text) & said)) in came
        if not is_whole and one.customer not in with_people:
            yield Violation("I6", one.customer, f"of the answer {one.mid} the customer got half")


def people_are_called_for_a_reason(history: History) -> Iterable[Violation]:
    """For each hand-over there is what the run did to bring it about; a few may have come of a slow machine."""
    kills = sum(struck for what, (_, struck) in history.blows.items() if what in UNDER_WAY)
    causes = {
        "model_failed": history.model_failures,
        "reply_unusable": history.model_failures,
        "delivery_failed": len(history.met),
        "delivery_unknown": len(history.met) + SENDS_UNDER_WAY * kills,
        "repeated_misunderstanding": 0,
    }
    few = FEW + round(FOR_NO_CAUSE * len(_questions(history)))
    for reason, times in sorted(history.handed_over.items()):
        if reason not in causes:
            yield Violation("I6", "", f"people were called {times} times for {reason}, which nothing in a run causes")
        elif times > causes[reason] + few:
            yield Violation("I6", "", f"people were called {times} times for {reason}, {causes[reason]} had a cause")


def no_question_is_left_alone(history: History) -> Iterable[Violation]:
    """Answered by the assistant, or by a person, or in a person's hands."""
    answered = {word for one in answers(history) for word in words(one.text)}
    sent, replies = {one.text for one in history.accepted}, {row.id: row for row in history.rows}
    names = _names_of_questions(history)
    rows = {row.external_id: row for row in history.rows}
    unsent = {change.mid for change in history.changed if change.kind == "unsend"}
    for said in _questions(history):
        row = rows.get(said.mid)
        if row is None or said.mid in unsent or names[said.mid] & answered:
            continue
        if row.answered_by is None and not row.waits_for:
            yield Violation("I6", said.customer, f"{said.mid} was neither answered nor given to a person")
        if row.answered_by is None or row.waits_for:
            continue
        reply = replies.get(row.answered_by)
        if (reply is None or _first_part(reply) not in sent) and not _was_left_uncertain(history, reply):
            yield Violation("I6", said.customer, f"{said.mid} has an answer that the customer never got")


def _was_left_uncertain(history: History, reply: Row | None) -> bool:
    """Whether a person gave the conversation back although nobody knew if this reply, theirs or the assistant's, had
    arrived. They were called for it, and had it before them."""
    if reply is None or "unknown" not in reply.states:
        return False
    since = [one.done_ms for one in history.acted if one.kind == "say" and one.word in words(reply.text)]
    return any(_was_given_back(history, reply.customer, when) for when in since or [reply.at_ms])


# --- I7 --------------------------------------------------------------------------------------------------------------


def the_assistant_is_silent_after_a_person_took_over(history: History) -> Iterable[Violation]:
    given = _by_customer((*answers(history), *rests(history)))
    for customer, spans in _taken_over(history).items():
        for one, _ in given[customer]:
            if any(start + UNDER_WAY_MS < one.at_ms < end for start, end in spans):
                yield Violation("I7", customer, f"{one.mid} was sent while a person had the conversation")


def _taken_over(history: History) -> dict[str, list[tuple[float, float]]]:
    """The times, in milliseconds, in which a person surely had a conversation."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    open_since: dict[str, int] = {}
    for acted in sorted((one for one in history.acted if one.is_taken), key=_by_time):
        if acted.kind in ("take_over", "say"):
            open_since.setdefault(acted.customer, acted.done_ms)
        elif acted.customer in open_since:
            spans[acted.customer].append((open_since.pop(acted.customer), acted.asked_ms))
    for customer, start in open_since.items():
        spans[customer].append((start, float("inf")))
    return spans


def _by_time(acted: Acted) -> int:
    return acted.asked_ms


# --- I8, I9 ----------------------------------------------------------------------------------------------------------


def an_open_panel_shows_the_truth(history: History) -> Iterable[Violation]:
    wanted = min(history.panels, len({row.customer for row in history.rows}))
    if len(history.shown) < wanted:
        yield Violation("I8", "", f"{len(history.shown)} panels were looked at, and {wanted} were to be")
    for conversation, shown in sorted(history.shown.items()):
        seen = history.seen.get(conversation)
        if not shown:
            yield Violation("I8", conversation, "a panel that is opened anew shows nothing")
        elif seen != shown:
            yield Violation("I8", conversation, f"an open panel shows {_difference(seen or [], shown)}")


def _difference(seen: list[str], shown: list[str]) -> str:
    missing = [one for one in shown if one not in seen]
    return f"{len(seen)} messages where there are {len(shown)}; not as stored: {missing[:3]}"


def what_was_unsent_is_gone(history: History) -> Iterable[Violation]:
    for word in history.kept_words:
        yield Violation("I9", "", f"the unsent word {word} is still kept")


# --- helpers ---------------------------------------------------------------------------------------------------------


def _questions(history: History) -> list[Said]:
    return [said for said in history.said if said.kind == "question"]


def _shares_near_a_question(history: History) -> set[str]:
    """Shares that were meant to be alone, on a machine so late that a question came near them after all."""
    asked = defaultdict(list)
    for question in _questions(history):
        asked[question.customer].append(question.at_ms)
    return {
        share.mid
        for share in history.said
        if share.lone
        and any(-history.lookback_ms <= at - share.at_ms < history.wait_ms for at in asked[share.customer])
    }


def _names_of_questions(history: History) -> dict[str, set[str]]:
    """The words by which each question may be answered: as it was typed, and after each edit."""
    names = {said.mid: {said.word} for said in _questions(history)}
    for change in history.changed:
        if change.kind == "edit" and change.mid in names:
            names[change.mid].add(change.word)
    return names


def _first_part(row: Row) -> str:
    """What leaves first of a reply."""
    return row.parts[0] if row.parts else row.text


def _edits(history: History) -> dict[str, list[Changed]]:
    """The edits of each message, the oldest first."""
    found: dict[str, list[Changed]] = defaultdict(list)
    for change in sorted(history.changed, key=lambda change: change.at_ms):
        if change.kind == "edit":
            found[change.mid].append(change)
    return found


def _said_words(history: History) -> set[str]:
    return {said.word for said in history.said} | _edited_words(history)


def _edited_words(history: History) -> set[str]:
    return {change.word for change in history.changed if change.kind == "edit"}


def _mid_by_word(history: History) -> dict[str, str]:
    return {word: mid for mid, names in _names_of_questions(history).items() for word in names}


def _surely_taken(history: History) -> dict[str, int]:
    """When each message was first said to be taken: it is on the ledger by then."""
    came: dict[str, int] = {}
    for one in history.posted:
        if one.is_taken and one.event == "message":
            came[one.mid] = min(came.get(one.mid, one.at_ms), one.at_ms)
    return came


def _perhaps_taken(history: History) -> dict[str, int]:
    """The earliest moment at which each message can have come to the ledger.

    A server that dies after the commit has taken a post without saying so. Then the ledger holds the message more often
    than it was called taken; where it does not, only the posts that were answered count.
    """
    posts = defaultdict(list)
    for one in history.posted:
        if one.event == "message":
            posts[one.mid].append(one)
    came = {}
    for mid, tries in posts.items():
        taken = [one for one in tries if one.is_taken]
        is_there_more_often = mid not in history.outcomes or len(history.outcomes[mid]) > len(taken)
        came[mid] = min(one.first_ms for one in (tries if is_there_more_often else taken or tries))
    return came


CHECKS: tuple[Check, ...] = (
    everything_taken_is_in_the_ledger,
    every_message_is_stored_once,
    every_message_is_stored_with_its_customer,
    words_are_those_that_were_typed,
    every_change_is_taken,
    every_question_is_answered_once,
    nobody_gets_another_ones_answer,
    what_people_write_arrives_once,
    nothing_is_said_that_nobody_wrote,
    a_lone_share_is_not_answered,
    a_question_is_answered_with_its_share,
    answers_come_in_order,
    an_answer_holds_all_that_was_known,
    a_corrected_question_is_answered_as_it_is_now,
    a_long_answer_comes_in_its_order,
    everything_is_finished,
    no_question_is_left_alone,
    a_long_answer_arrives_whole,
    people_are_called_for_a_reason,
    the_assistant_is_silent_after_a_person_took_over,
    an_open_panel_shows_the_truth,
    what_was_unsent_is_gone,
)
INVARIANTS = ("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9")


def judge(history: History) -> list[Violation]:
    """All that this history violates; none is the good answer."""
    return [violation for check in CHECKS for violation in check(history)]
