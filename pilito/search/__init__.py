"""Finding things again: which words a row is found by, and keeping them true while rows change."""
