"""The model of the fault run: what it says passes the checks, or every turn of a run would end with people."""

from chaos.model import answer_to
from pilito.assistant.check import Draft, find_faults
from pilito.assistant.prompt import build_prompt
from pilito.assistant.types import Fact, TurnInput


def test_its_answer_names_every_word_and_leaves():
    share = "[CONTEXT: پست/ریلز]\nکپشن: شعغفقک\n[/CONTEXT]\nگلنوبپ"
    turn = TurnInput("فروشگاه", ("بپتجچخ", share), facts=(Fact("caption", "شعغفقک", "1", is_ours=False),))

    said = answer_to(build_prompt(turn).messages)

    assert all(word in said for word in ("بپتجچخ", "شعغفقک", "گلنوبپ"))
    assert find_faults(Draft(said, turn, "0" * 16)) == []
