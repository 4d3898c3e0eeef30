"""Answering a turn: everything here is a function of the turn and of what the model says."""

from dataclasses import replace

from pilito.assistant.answer import Answer, read_answer
from pilito.assistant.check import CHECK_NAMES, Draft, find_faults
from pilito.assistant.prompt import Prompt, build_prompt
from pilito.assistant.types import Completion, HandOver, Model, Reply, TurnInput, Working
from pilito.errors import ModelError
from pilito.lifecycle import HandOverReason


def compose(turn: TurnInput, model: Model) -> Reply | HandOver:
    """Answer a turn, or hand it over with the reason; never raises for what a model does."""
    prompt = build_prompt(turn)
    try:
        completion = model.complete(prompt.messages)
    except ModelError as error:
        return HandOver(HandOverReason.MODEL_FAILED, detail=error.reason)
    return _outcome(turn, prompt, completion)


def _outcome(turn: TurnInput, prompt: Prompt, completion: Completion) -> Reply | HandOver:
    working = _working(turn, prompt, completion)
    answer = read_answer(completion.text)
    if answer is None:
        return HandOver(HandOverReason.REPLY_UNUSABLE, "unreadable", working)
    if answer.hand_over:
        return HandOver(answer.hand_over, working=working)
    return _checked(answer, Draft(answer.reply, turn, prompt.fence), working)


def _checked(answer: Answer, draft: Draft, working: Working) -> Reply | HandOver:
    working = replace(working, checks=CHECK_NAMES)
    if faults := find_faults(draft):
        return HandOver(HandOverReason.REPLY_UNUSABLE, ",".join(faults), working)
    return Reply(answer.reply, working)


def _working(turn: TurnInput, prompt: Prompt, completion: Completion) -> Working:
    return Working(
        model=completion.model,
        prompt_hash=prompt.hash,
        milliseconds=completion.milliseconds,
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        facts=turn.facts,
    )
