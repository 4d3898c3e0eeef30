"""B3b: the same flow with a model that takes two seconds: waiting must cost nothing."""

from bench.figures import Figure, Reference, Row, at_least, at_most, per
from bench.load import Client, Crowd
from bench.proc import metered
from bench.rows.b3_flow import PARTS, ask, customers
from bench.size import Size
from bench.stand import Stand


def measure(stand: Stand, size: Size) -> list[Figure]:
    system = stand.system(WORKER_CONCURRENCY=str(size.slow_model_threads))
    stand.set_model_delay(size.slow_model_seconds)
    try:
        with Client(system.port, stand.fakes_port) as client:
            # More questions than threads, so that none of them is ever without one.
            crowd = Crowd(client, ask, customers, size.slow_model_threads * 3 // 2)
            crowd.warm_up(size.slow_model_loop_seconds / 3)
            with metered(system.parts) as spent:
                talk = crowd.run(size.slow_model_loop_seconds)
            memory = system.pss_megabytes()
            lost = crowd.drain()
    finally:
        stand.set_model_delay(0)
    ceiling = size.slow_model_threads / size.slow_model_seconds
    return [
        Figure(
            "replies a second",
            talk.answered / talk.seconds,
            "/s",
            "replies a second",
            Reference(f"{size.slow_model_threads} threads ÷ {size.slow_model_seconds:g} s", ceiling),
        ),
        Figure("CPU of all processes a reply", per(spent.of(*PARTS), talk.answered), "ms"),
        Figure("memory of all processes (PSS)", memory, "MB", "memory"),
        Figure("never answered", lost, "", "unanswered"),
    ]


ROW = Row(
    "B3b",
    "replies a second, model 2 s, WORKER_CONCURRENCY=64, one worker process, SQLite",
    {"replies a second": at_least(30), "memory": at_most(1000), "unanswered": at_most(0)},
    measure,
)
