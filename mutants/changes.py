"""What can be a little wrong in a file: every mutant is one change of one node of its tree."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
TIDYING = {"strip", "lower", "casefold", "removeprefix", "rstrip", "lstrip"}
COLLECTIONS = (ast.Dict, ast.Tuple, ast.List, ast.Set)
SHOWN_CHARACTERS = 110


@dataclass
class Mutant:
    """One change: `holder`'s `field` (at `index`, where that is a list) becomes `node`."""

    path: str
    place: str  # the function or method it stands in, or the name at the top of the module
    is_inside: bool  # of a function
    lines: range
    text: str  # what changes, for people and for explained.txt
    holder: ast.AST
    field: str
    index: int | None
    node: ast.AST

    @property
    def name(self) -> str:
        return self.place.rpartition(".")[2]

    def apply(self) -> None:
        ast.fix_missing_locations(ast.copy_location(self.node, self.holder))
        if self.index is None:
            setattr(self.holder, self.field, self.node)
        else:
            getattr(self.holder, self.field)[self.index] = self.node


def mutants_of(tree: ast.Module, path: str) -> list[Mutant]:
    """Every mutant of a file; the tree is left as it is. Same texts in one place are numbered."""
    found = list(_walk(tree, path, [], tree.body, "", False, None))
    counts: Counter[str] = Counter()
    for one in found:
        one.text = f"{Path(path).name} {one.place}: {one.text}"
        counts[one.text] += 1
        one.text += f" ({counts[one.text]})" if counts[one.text] > 1 else ""
    return found


def _walk(
    node: ast.AST, path: str, above: list[ast.AST], _: Any, place: str, inside: bool, statement: ast.stmt | None
) -> Iterator[Mutant]:
    for field, value in ast.iter_fields(node):
        if field in ("decorator_list", "annotation", "returns", "args") and not isinstance(node, ast.Call):
            continue
        many = isinstance(value, list)
        for index, child in enumerate(value if many else [value]):
            if not isinstance(child, ast.AST) or _is_silent(child):
                continue
            at, within, current = _where(child, place, inside, statement)
            if current is not None and at:
                for new, text in _changes(child, [*above, node]):
                    spot = (node, field, index if many else None)
                    yield Mutant(path, at, within, _lines(current), text, *spot, new)
            yield from _walk(child, path, [*above, node], None, at, within, current)


def _where(child: ast.AST, place: str, inside: bool, statement: ast.stmt | None) -> tuple[str, bool, ast.stmt | None]:
    if isinstance(child, ast.FunctionDef) and not inside:
        return f"{place}.{child.name}".lstrip("."), True, None
    if isinstance(child, ast.ClassDef):
        return f"{place}.{child.name}".lstrip("."), inside, None
    if not inside and not place and isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        return child.targets[0].id, False, child
    if not inside and not place and isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name):
        return child.target.id, False, child
    # What stands in the body of a class, a field or its default, is read once: it is left out.
    return place, inside, child if isinstance(child, ast.stmt) and inside else statement


def _is_silent(node: ast.AST) -> bool:
    """Words for people alone, which a test does not hold: documentation and the log. And what types say."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("log."):
        return True
    return isinstance(node, ast.Assert | ast.Import | ast.ImportFrom)


def _lines(statement: ast.stmt) -> range:
    """The statement's own lines, without those of the statements inside it."""
    inner = [node.lineno for node in ast.walk(statement) if isinstance(node, ast.stmt) and node is not statement]
    end = min(inner) if inner else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))


def _changes(node: ast.AST, above: list[ast.AST]) -> Iterator[tuple[ast.AST, str]]:
    """What may stand in this node's place, and how to say so."""
    for new in _others(node, above):
        shown = above[-1] if isinstance(node, ast.Constant) and isinstance(above[-1], ast.expr) else node
        if isinstance(shown, COLLECTIONS) or shown is node:
            yield new, f"{_short(node)} => {_short(new)}"
        else:
            yield new, f"{_short(node)} => {_short(new)} in {_short(shown)}"
    if isinstance(node, ast.Call):
        for dropped in node.keywords:
            kept = [keyword for keyword in node.keywords if keyword is not dropped]
            yield ast.Call(node.func, node.args, kept), f"{_short(node.func)}(…) without {_short(dropped)}"
    if isinstance(node, ast.comprehension):
        for dropped_if in node.ifs:
            kept_ifs = [one for one in node.ifs if one is not dropped_if]
            new = ast.comprehension(node.target, node.iter, kept_ifs, node.is_async)
            yield new, f"for {_short(node.target)} without if {_short(dropped_if)}"


def _others(node: ast.AST, above: list[ast.AST]) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                ops = [*node.ops]
                ops[index] = SWAPS[type(op)]()
                yield ast.Compare(node.left, ops, node.comparators)
        case ast.BoolOp():
            for index in range(len(node.values)):
                rest = node.values[:index] + node.values[index + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.If(test=ast.Name() | ast.Call() | ast.Attribute() | ast.NamedExpr()):
            yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        case ast.BinOp() if type(node.op) in SWAPS:
            yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(node.value + 1)
        case ast.Constant(value=str()) if not _is_sentence(node.value) and not any(
            isinstance(one, ast.Raise) for one in above
        ):
            yield ast.Constant("XX" + node.value)
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Assign(targets=targets) if not (above and isinstance(above[-1], ast.Module)):
            yield ast.Pass()
            for target in targets if len(targets) > 1 else ():
                yield ast.Assign([one for one in targets if one is not target], node.value)
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in TIDYING:
            yield node.func.value
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield ast.Call(ast.Name(NAMES[name], ast.Load()), node.args, node.keywords)


def _is_sentence(text: str) -> bool:
    """Words for people, in a reason or a title; what a program compares has no space, or is in Persian."""
    return " " in text.strip() and text.isascii()


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {_short(node.test)}"
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
