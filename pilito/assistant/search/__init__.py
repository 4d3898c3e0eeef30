"""Finding the facts that a question asks for. Pure: entries in, ranked hits out; nothing here knows a table."""
