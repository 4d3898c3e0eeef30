"""The model of the fault run: what it says passes the checks, or every turn of a run would end with people."""

import socket
from urllib.parse import urlsplit

import requests

from chaos.checker import ASSISTANT, END, REST
from chaos.model import Model, answer_to, is_long
from chaos.plan import word_of
from pilito.assistant.check import Draft, find_faults
from pilito.assistant.prompt import build_prompt
from pilito.assistant.types import Fact, TurnInput
from pilito.channels.instagram.split import split


def test_its_answer_names_every_word_and_leaves():
    share = "[CONTEXT: پست/ریلز]\nکپشن: شعغفقک\n[/CONTEXT]\nگلنوبپ"
    turn = TurnInput("فروشگاه", ("بپتجچخ", share), facts=(Fact("caption", "شعغفقک", "1", is_ours=False),))

    said = answer_to(build_prompt(turn).messages)

    assert all(word in said for word in ("بپتجچخ", "شعغفقک", "گلنوبپ"))
    assert find_faults(Draft(said, turn, "0" * 16)) == []


def test_some_answers_are_long_and_leave_in_two_parts_each_with_its_mark():
    word = next(word for word in map(word_of, range(100)) if is_long([word]))
    turn = TurnInput("فروشگاه", (word, *map(word_of, range(100, 105))))

    said = answer_to(build_prompt(turn).messages)

    first, second = split(said)
    assert find_faults(Draft(said, turn, "0" * 16)) == []
    assert first.startswith(ASSISTANT)
    assert second.startswith(REST)
    assert first.endswith(END)
    assert second.endswith(END)
    assert first.count(END) > 1
    assert second.count(END) == 1
    assert all(word in first and word in second for word in turn.questions)


def test_one_in_a_few_is_long():
    words = [word_of(number) for number in range(600)]

    assert 60 < sum(is_long([word]) for word in words) < 140
    assert all(len(split(answer_to(build_prompt(TurnInput("فروشگاه", (word,))).messages))) <= 2 for word in words[:50])


def test_who_dies_while_asking_is_no_news(capfd):
    with Model(1, 0.0, 0.0).serving() as url:
        where = urlsplit(url)
        for _ in range(2):  # the second is taken when the first is done with
            with socket.create_connection((where.hostname, where.port)) as line:
                line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        answer = requests.post(f"{url}/chat/completions", json={"messages": []}, timeout=10)

    assert answer.status_code == 200
    assert "Traceback" not in capfd.readouterr().err
