"""Answering a turn: a prompt out of plain data, one question to the model, an answer that is read and checked."""
