"""The rows, in the order in which they are measured and shown."""

from bench.figures import Row
from bench.rows import b1_ack, b2_reply, b3_flow, b3b_slow_model, b4_expiry, b5_panel, b7_burst, b8_start, b9_facts

ROWS: tuple[Row, ...] = (
    b1_ack.ROW,
    b2_reply.ROW,
    b3_flow.ROW,
    b3b_slow_model.ROW,
    b4_expiry.ROW,
    b5_panel.ROW,
    b7_burst.ROW,
    b8_start.ROW,
    b9_facts.ROW,
)
