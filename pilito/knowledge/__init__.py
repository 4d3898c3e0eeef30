"""What the shop knows and wrote down: the verbs that bring facts in, change them, and read them again.

Beside `conversations`, for facts are no conversation: nothing here knows a customer. A verb that changes facts counts
the change (`changes.py`) in its own transaction.
"""
