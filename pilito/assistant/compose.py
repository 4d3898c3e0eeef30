"""Answering a turn: everything here is a function of the turn and of what the model says."""

from dataclasses import replace

from pilito.assistant.answer import Answer, read_answer
from pilito.assistant.budget import PROMPT_TOKENS
from pilito.assistant.check import CHECK_NAMES, Draft, find_faults, footing
from pilito.assistant.correction import correction
from pilito.assistant.posts import asks_price
from pilito.assistant.prompt import Prompt, build_prompt, prepared
from pilito.assistant.types import Completion, HandOver, Model, Reply, TurnInput, Working
from pilito.errors import ModelError
from pilito.lifecycle import HandOverReason
from pilito.spelling import storable

# A correction costs a second call; a model that was slow once would keep the customer waiting twice.
LATEST_RETRY_MILLISECONDS = 20_000


def compose(turn: TurnInput, model: Model, prompt_tokens: int = PROMPT_TOKENS) -> Reply | HandOver:
    """Answer a turn, or hand it over with the reason; never raises for what a model does.

    What does not fit into `prompt_tokens` is left out of the turn, so no reply can rest on it.
    """
    turn = prepared(turn, prompt_tokens)
    prompt = build_prompt(turn)
    try:
        completion = model.complete(prompt.messages)
    except ModelError as error:
        return HandOver(HandOverReason.MODEL_FAILED, detail=error.reason)
    outcome, faults = _outcome(turn, prompt, completion)
    if not faults or completion.milliseconds > LATEST_RETRY_MILLISECONDS:
        return outcome
    return _corrected(turn, prompt, completion, faults, model) or outcome


def _corrected(
    turn: TurnInput, prompt: Prompt, first: Completion, faults: list[str], model: Model
) -> Reply | HandOver | None:
    """Tell the model once what was wrong; None when that brought no answer."""
    said = [
        {"role": "assistant", "content": storable(first.text)},  # half a surrogate pair cannot be sent
        {"role": "user", "content": storable(correction(faults, prompt.fence))},
    ]
    try:
        second = model.complete([*prompt.messages, *said])
    except ModelError:
        return None
    outcome, _ = _outcome(turn, prompt, _together(first, second))
    return outcome


def _together(first: Completion, second: Completion) -> Completion:
    """The second answer with what both cost."""
    return replace(
        second,
        milliseconds=first.milliseconds + second.milliseconds,
        input_tokens=_sum(first.input_tokens, second.input_tokens),
        output_tokens=_sum(first.output_tokens, second.output_tokens),
        cost_micros=_sum(first.cost_micros, second.cost_micros),
    )


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _outcome(turn: TurnInput, prompt: Prompt, completion: Completion) -> tuple[Reply | HandOver, list[str]]:
    """What becomes of an answer, and what the checks found against it."""
    working = _working(turn, prompt, completion)
    answer = read_answer(completion.text)
    if answer is None:
        return HandOver(HandOverReason.REPLY_UNUSABLE, "unreadable", working), []
    if answer.hand_over:
        return HandOver(_reason(answer.hand_over, turn), working=working), []
    draft = Draft(answer.reply, turn, prompt.fence)
    faults = find_faults(draft)
    used = _references(answer, prompt)
    working = replace(working, checks=CHECK_NAMES, facts_used=used, rests_on=footing(draft))
    if faults:
        finding, held_back = storable("; ".join(faults)), storable(answer.reply)  # both are kept for a person
        return HandOver(HandOverReason.REPLY_UNUSABLE, finding, working, held_back), faults
    return Reply(answer.reply, working, used, answer.asks_which), []


def _reason(given: HandOverReason, turn: TurnInput) -> HandOverReason:
    """The model does not know that there are two prices: it was given none."""
    is_about_price = turn.prices_differ and any(map(asks_price, turn.questions))
    return HandOverReason.PRICES_DIFFER if given is HandOverReason.NOT_KNOWN and is_about_price else given


def _references(answer: Answer, prompt: Prompt) -> tuple[str, ...]:
    """The facts that the model named, by reference; numbers of other blocks, or of none, count for nothing."""
    used = (prompt.facts[number] for number in answer.facts_used if number in prompt.facts)
    return tuple(dict.fromkeys(fact.reference for fact in used if fact.reference))


def _working(turn: TurnInput, prompt: Prompt, completion: Completion) -> Working:
    return Working(
        model=completion.model,
        prompt_hash=prompt.hash,
        milliseconds=completion.milliseconds,
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        facts=turn.facts,
        instructions_version=turn.instructions.version if turn.instructions else None,
        cost_micros=completion.cost_micros,
    )
