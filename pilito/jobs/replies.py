"""A turn is answered, and the reply sent."""

import threading

from flask import current_app

from pilito import trace
from pilito.assistant.types import Model
from pilito.clock import utc_now
from pilito.conversations import deliver, trials
from pilito.conversations.answer import answer
from pilito.conversations.take_turns import answer_due
from pilito.jobs import following, patient

_making = threading.Lock()


@patient
def answer_turn(_turn_id: int) -> None:
    """Answer a turn that is due, the accounts in turn. The id only says which one this was asked for."""
    answer_due(_answer_one, utc_now())


@following(trace.of_turn)
def _answer_one(turn_id: int) -> bool:
    return answer(turn_id, get_model(), utc_now, deliver.begin)


@patient
def run_trial(name: str) -> None:
    trials.run_trial(name, get_model(), utc_now())


def get_model() -> Model:
    """The model's client, made once per process and shared by its threads."""
    with _making:
        if "pilito_model" not in current_app.extensions:
            from pilito.assistant.model import OpenAIModel

            current_app.extensions["pilito_model"] = OpenAIModel(current_app.extensions["pilito_settings"])
    model: Model = current_app.extensions["pilito_model"]
    return model
