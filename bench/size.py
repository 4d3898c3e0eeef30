"""How much is measured: QUICK for `make bench`, TINY for the test that every row runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    rounds: int
    acks: int  # a round
    bare_acks: int  # a round
    questions_per_second: int
    paced_seconds: float  # a round
    loop_seconds: float  # a round
    loop_outstanding: int
    noop_jobs: int
    slow_model_seconds: float
    slow_model_loop_seconds: float
    slow_model_threads: int
    shares: int
    few_shares: int
    share_lead_seconds: float  # from the first share's post to the end of all waits
    idle_seconds: float
    burst_webhooks: int
    burst_per_second: int
    panel_messages: int
    panel_few_messages: int
    panel_times: int  # how often each kind of page is asked for


QUICK = Size(
    rounds=5,
    acks=2000,
    bare_acks=6000,
    questions_per_second=5,
    paced_seconds=15,
    loop_seconds=5,
    loop_outstanding=32,
    noop_jobs=300,
    slow_model_seconds=2.0,
    slow_model_loop_seconds=20,
    slow_model_threads=64,
    shares=1000,
    few_shares=100,
    share_lead_seconds=40,
    idle_seconds=4,
    burst_webhooks=10_000,
    burst_per_second=500,
    panel_messages=100_000,
    panel_few_messages=10_000,
    panel_times=120,
)
TINY = Size(
    rounds=1,
    acks=40,
    bare_acks=40,
    questions_per_second=10,
    paced_seconds=0.3,
    loop_seconds=0.3,
    loop_outstanding=2,
    noop_jobs=3,
    slow_model_seconds=0.05,
    slow_model_loop_seconds=0.3,
    slow_model_threads=4,
    shares=4,
    few_shares=2,
    share_lead_seconds=0.8,
    idle_seconds=0.0,
    burst_webhooks=40,
    burst_per_second=100,
    panel_messages=60,
    panel_few_messages=30,
    panel_times=3,
)
