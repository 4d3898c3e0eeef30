"""Facts become vectors at a server of its own, and a question finds by meaning what its words do not name."""

import logging

import pytest
import rows
from fakes import Fake, serve
from rows import NOON

from pilito import keys
from pilito.assistant.types import TurnInput
from pilito.conversations import embed_facts, facts, shelves
from pilito.conversations.embed_facts import embed_new, wake_embedding
from pilito.conversations.facts import Place, facts_of
from pilito.database import transaction
from pilito.hints import queue
from pilito.knowledge.changes import count_change
from pilito.models import Embedding, db
from pilito.queries.facts import facts_version

WARM, CLEAN = ("پالتو", "گرم", "یخ"), ("شستن", "لکه")


class FakeEmbedder(Fake):
    """Knows two meanings: a text is near to another with a word of the same one."""

    def __init__(self):
        super().__init__()
        self.keys = []
        self.refused = "\0"

    def answer(self, path, payload, headers):
        self.keys.append(headers["Authorization"])
        assert path == "/v1/embeddings"
        return super().answer(path, payload, headers)

    def default(self, payload):
        if any(self.refused in text for text in payload["input"]):
            return 400, {"error": {"message": "too long"}}
        rows = [{"index": number, "embedding": self.vector(text)} for number, text in enumerate(payload["input"])]
        return 200, {"object": "list", "data": rows[::-1], "model": payload["model"]}

    def vector(self, text):
        return [3.0 * any(word in text for word in WARM), 2.0 * any(word in text for word in CLEAN), 0.1]

    @property
    def asked(self):
        return [text for call in self.calls for text in call["input"]]


@pytest.fixture(autouse=True)
def _from_the_beginning(monkeypatch):
    monkeypatch.setattr(embed_facts, "_done", {})
    monkeypatch.setattr(embed_facts, "_pauses_until", 0.0)
    monkeypatch.setattr(facts, "_rests_until", 0.0)
    monkeypatch.setattr(shelves, "REST", 0)


@pytest.fixture(scope="module")
def line():
    with serve() as line:
        yield line


@pytest.fixture
def embedder(line):
    line.fake = FakeEmbedder()
    return line.fake


@pytest.fixture
def shop(make_shop, embedder, line):
    made = make_shop(openai_embedding_model="near", openai_embedding_base_url=f"{line.url}/v1")
    with transaction():
        source = rows.add_source(made.inbox_id)
        rows.add_product(source, name="پالتو یلدا")
        rows.add_product(source, name="صندل ساحلی")
        rows.add_passage(source, title="شستن لباس", text="با آب سرد")
        count_change(made.inbox_id)
    return made


def embed_all():
    return embed_new(lambda: NOON)


def found(shop, question):
    place = Place(shop.inbox_id, facts_version(shop.inbox_id))
    return [fact.text.partition("\n")[0] for fact in facts_of(place, TurnInput("", (question,)), NOON)]


def test_every_fact_is_sent_once_and_a_question_finds_by_meaning(shop, embedder):
    assert found(shop, "خیلی یخ زدم") == []

    assert embed_all() == 3
    assert len(embedder.calls) == 1

    assert found(shop, "خیلی یخ زدم") == ["پالتو یلدا"]
    assert found(shop, "صندل دارین") == ["صندل ساحلی"]


@pytest.mark.sqlite_only
def test_what_has_not_changed_is_not_sent_again(shop, embedder):
    embed_all()
    with transaction():
        source = rows.add_source(shop.inbox_id)
        rows.add_product(source, name="پالتو یلدا")  # the same text at another source
        rows.add_product(source, name="کفش")
        count_change(shop.inbox_id)
    sent = len(embedder.asked)

    assert embed_all() == 1
    assert embed_all() == 0

    assert embedder.asked[sent:] == ["کفش"]


def test_where_nothing_changed_nothing_is_read(shop, embedder, monkeypatch):
    embed_all()

    monkeypatch.setattr(embed_facts, "_texts", None)

    assert embed_all() == 0


@pytest.mark.sqlite_only
def test_what_changes_while_others_are_sent_is_sent_next(shop, embedder):
    answer = embedder.default

    def slowly(payload):
        embedder.default = answer
        with shop.app.app_context(), transaction():
            rows.add_product(rows.add_source(shop.inbox_id), name="کفش")
            count_change(shop.inbox_id)
        return answer(payload)

    embedder.default = slowly

    assert embed_all() == 3
    assert embed_all() == 1

    assert embedder.asked[3:] == ["کفش"]
    assert embed_all() == 0


@pytest.mark.sqlite_only
def test_a_text_that_is_refused_keeps_no_other_from_its_vector(shop, embedder):
    embedder.refused = "صندل"

    assert embed_all() == 3

    assert sorted(len(row.vector) for row in db.session.scalars(db.select(Embedding))) == [0, 12, 12]
    assert found(shop, "یخ") == ["پالتو یلدا"]
    assert embed_all() == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "answer",
    [
        (500, {}),
        (401, {"error": {"message": "sk-secret"}}),
        (200, b"<html>"),
        (200, {"data": []}),
        (200, {"data": [{"index": 0, "embedding": [0.0, 0.0]}]}),
        (200, {"data": [{"index": 0, "embedding": "AAAA"}]}),
        (200, {"data": [{"index": "x", "embedding": [1.0]}]}),
        (200, {"data": [{"index": 0, "embedding": [1e999, 1.0]}]}),
        "reset",
    ],
)
def test_a_question_that_cannot_be_embedded_is_searched_by_its_words_and_the_next_does_not_wait(
    shop, embedder, answer, caplog
):
    embed_all()
    embedder.script = [answer]
    sent = len(embedder.calls)

    with caplog.at_level(logging.WARNING):
        assert found(shop, "پالتو یلدا چنده") == ["پالتو یلدا"]
        assert found(shop, "صندل") == ["صندل ساحلی"]

    assert len(embedder.calls) == sent + 1
    assert "searched by its words" in caplog.text
    assert "sk-secret" not in caplog.text


@pytest.mark.sqlite_only
def test_facts_wait_where_the_server_is_away_and_get_their_vectors_later(shop, embedder, monkeypatch):
    embedder.script = [(503, {})]

    assert embed_all() == 0
    assert embed_all() == 0  # it pauses
    monkeypatch.setattr(embed_facts, "_pauses_until", 0.0)

    assert embed_all() == 3


@pytest.mark.sqlite_only
def test_a_greeting_is_not_sent(shop, embedder):
    embed_all()
    sent = len(embedder.calls)

    assert found(shop, "سلام، خوبین؟") == []

    assert len(embedder.calls) == sent


@pytest.mark.sqlite_only
def test_the_key_of_one_server_is_not_shown_to_another(shop, embedder):
    embed_all()

    assert not any("a key" in key for key in embedder.keys)
    assert set(embedder.keys) == {"Bearer none"}


@pytest.mark.sqlite_only
def test_vectors_that_no_fact_uses_are_dropped_after_a_day(shop):
    with transaction():
        for number, age in enumerate([rows.NOON, rows.NOON.replace(year=rows.NOON.year - 1)]):
            db.session.add(Embedding(digest=str(number), model="near", vector=b"", created_at=age))

    embed_all()

    digests = {row.digest for row in db.session.scalars(db.select(Embedding))}
    assert "0" in digests
    assert "1" not in digests
    assert len(digests) == 4


@pytest.mark.sqlite_only
def test_switched_off_nothing_is_sent_and_no_job_is_asked_for(make_shop, embedder):
    made = make_shop()
    with transaction():
        rows.add_product(rows.add_source(made.inbox_id), name="پالتو یلدا")

    wake_embedding()

    assert embed_all() == 0
    assert found(made, "پالتو") == ["پالتو یلدا"]
    assert queue(keys.FACTS).count == 0
    assert embedder.calls == []


@pytest.mark.sqlite_only
def test_the_periodic_wake_has_a_worker_embed(shop, embedder):
    wake_embedding()
    shop.work(keys.FACTS)

    assert len(embedder.asked) == 3
