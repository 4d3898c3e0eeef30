"""B2: from a question's post to the moment when the provider accepts its reply."""

import time
from itertools import count

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_most, percentile
from bench.load import Client, Post, Talk, pace
from bench.size import Size
from bench.stand import Stand

CUSTOMERS = 50
SHARE_AHEAD_SECONDS = 0.3
ROUNDS = 2  # of each kind, in turn; the latencies of a kind are taken together

_customers = count()


def measure(stand: Stand, size: Size) -> list[Figure]:
    system = stand.system()
    stand.set_model_delay(0)
    warm = pace(system.port, stand.fakes_port, _posts(size, 1.0, with_share=True))  # imports and connections are made
    if not warm.answered:
        raise RuntimeError(f"No question was answered; webhooks: {warm.said}.")
    plain, shared, floor = [], [], []
    for _ in range(min(size.rounds, ROUNDS)):
        floor += _chain(stand, size)
        plain.append(pace(system.port, stand.fakes_port, _posts(size, size.paced_seconds, with_share=False)))
        shared.append(pace(system.port, stand.fakes_port, _posts(size, size.paced_seconds, with_share=True)))
    return _figures("question", plain, floor) + _figures("question after a share", shared, floor)


def _posts(size: Size, seconds: float, with_share: bool) -> list[Post]:
    """The posts of one round, ready and signed; each customer's questions lie CUSTOMERS / rate apart."""
    posts: list[Post] = []
    start = time.time()
    for number in range(max(1, round(size.questions_per_second * seconds))):
        customer = webhooks.customer(next(_customers) % CUSTOMERS)
        at = SHARE_AHEAD_SECONDS + number / size.questions_per_second
        if with_share:
            sent_at = start + at - SHARE_AHEAD_SECONDS
            posts.append((at - SHARE_AHEAD_SECONDS, webhooks.signed(webhooks.share(customer, sent_at)), ""))
        posts.append((at, webhooks.signed(webhooks.text(customer, start + at)), customer))
    return posts


def _chain(stand: Stand, size: Size) -> list[float]:
    """The floor: an ack of the bare route, then a call to the model, then one to the provider; nothing stored."""
    send = webhooks.post("/instagram/v25.0/me/messages", b'{"recipient": {"id": "1"}, "message": {"text": "x"}}')
    ask = webhooks.post("/openai/v1/chat/completions", b"{}")
    requests = [
        (stand.bare_port, webhooks.signed(webhooks.text("1"))),
        (stand.fakes_port, ask),
        (stand.fakes_port, send),
    ]
    seconds = []
    with Client(stand.bare_port) as bare, Client(stand.fakes_port) as fakes:
        for _ in range(max(10, round(size.questions_per_second * size.paced_seconds))):
            started = time.monotonic()
            for port, request in requests:
                client = bare if port == stand.bare_port else fakes
                client.post(request)
                while client.open:
                    list(client.wait(1.0))
            seconds.append(time.monotonic() - started)
    return seconds


def _figures(what: str, talks: list[Talk], floor: list[float]) -> list[Figure]:
    latencies = [latency for talk in talks for latency in talk.latencies]
    return [
        Figure(
            f"{what}: reply accepted, p{percent}",
            percentile(latencies, percent) * 1000,
            "ms",
            f"p{percent}",
            Reference("three bare HTTP calls", percentile(floor, percent) * 1000),
        )
        for percent in (50, 99)
    ] + [Figure(f"{what}: never answered", sum(talk.unanswered for talk in talks), "", "unanswered")]


ROW = Row(
    "B2",
    "question → reply accepted, model 0 ms, no quiet period, 5 a second, 50 customers",
    {"p50": at_most(40), "p99": at_most(120), "unanswered": at_most(0)},
    measure,
)
