"""A process that searches nothing never loads the libraries of the search."""

import ast
from pathlib import Path

import pilito

HOUSE = Path(pilito.__file__).parent
HOME = {"tantivy": "index.py", "rapidfuzz": "index.py", "numpy": "vectors.py"}
HEAVY = {"pilito.assistant.search.index", "pilito.assistant.search.vectors"}


def loaded_with(path):
    """The modules that are imported with this one: those of its own level, outside of functions and type checks."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_the_index_and_the_vectors_load_them_and_nobody_loads_those_two_at_once():
    for path in HOUSE.rglob("*.py"):
        names = set(loaded_with(path))

        assert not names & HEAVY, path
        assert all(HOME.get(name.partition(".")[0], path.name) == path.name for name in names), path
