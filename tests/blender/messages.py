"""Finds the texts that the extension shows: names and tooltips as Blender has registered them, labels and messages in
the source, and sentences that are put together where they cannot be translated. test_translations.py names those that
have no translation yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import bpy

#: Where calls take a text: the number of the argument, by the name of the function.
POSITIONS = {
    "poll_message_set": 0, "report": 1, "tr": 0, "wrapped": 2, "Placed": 1, "drop_all": 0, "fail": 1,
    "PlaceError": 0, "PopulateError": 0, "Refused": 0,
}  # fmt: skip
#: Arguments by name that are shown, in any call.
KEYWORDS = frozenset({"text", "placeholder", "heading", "title", "confirm_text"})
#: Functions whose f-strings nobody reads in the interface: those that write into logs and reports to the authors.
UNSEEN = frozenset({"debug", "info", "warning", "report_lines", "report_text"})
#: What is said on the worker, where nothing may ask Blender for a translation: whole files, and functions of others.
#: worker_messages.py finds what is said there.
WORKER_FILES = frozenset({"child.py", "doctor.py", "process.py", "runtime_pack.py", "runtime_work.py", "worker.py"})
WORKER_FUNCTIONS = frozenset({"run", "guidance_of", "choose"})
#: What is put into prompts, which are English in every language.
PROMPTS = frozenset({"pair of \0"})
#: Names that are the same in every language.
PROPER = frozenset({"LATTE3D", "CPU", "CUDA", "MPS", "CC0 1.0", "https://"})


def shown(text: str) -> bool:
    """Whether a text needs a translation."""
    return text not in PROPER and re.search(r"[^\W\d_]{2}", text) is not None and not re.fullmatch(r"[\d,]+ px", text)


def registered(classes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(text, where) of names, tooltips, properties and choices of registered classes."""
    for cls in classes:
        name, kind = cls.__name__, cls.bl_rna
        if any(part in name for part in ("_OT_", "_PT_", "_MT_", "_FH_")):
            yield cls.bl_label, name
        if "_OT_" in name:
            module, operator = cls.bl_idname.split(".")
            kind = getattr(getattr(bpy.ops, module), operator).get_rna_type()
            yield kind.description, name
        if not any(part in name for part in ("_OT_", "_PG_", "_AP_")):
            continue
        # A class may have a "name" of its own in place of Blender's; the later one holds.
        for prop in {prop.identifier: prop for prop in kind.properties}.values():
            where = f"{name}.{prop.identifier}"
            if prop.identifier not in cls.__annotations__:  # Blender's own
                continue
            yield prop.name, where
            yield prop.description, where
            for item in prop.enum_items_static if prop.type == "ENUM" else ():
                yield item.name, where
                yield item.description, where


def prose(node: ast.JoinedStr) -> bool:
    """Whether an f-string has words of its own beside what it is filled with: two words, or one next to a gap."""
    text = "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
    if text in PROMPTS or re.fullmatch(r"\0 (px|kB|MB|GB)", text):
        return False
    return shown(text) and re.search(r"[^\W\d_]{2,}[,.:;]?[ \0]|[ ][^\W\d_]{2,}", text) is not None


def glued(tree: ast.AST) -> Iterator[ast.JoinedStr]:
    """The f-strings that would be shown in one language only: all that have words of their own, wherever they are,
    but for what is not shown at all."""
    match tree:
        case ast.JoinedStr():
            if prose(tree):
                yield tree
            return  # the format of a gap is an f-string too
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in UNSEEN:
            return
        case ast.FunctionDef(name=name) if name in WORKER_FUNCTIONS | UNSEEN:
            return
        case ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError"), args=[ast.JoinedStr(values=[first, *_])])):
            # For programmers; a sentence for the artist begins with a capital letter.
            if isinstance(first, ast.Constant) and first.value[0].islower():
                return
        case ast.Assign(targets=[ast.Attribute(attr="expression" | "filepath_raw" | "image")]):
            return
        case ast.Assign(targets=[ast.Name(id=name)]) if name.endswith("_ITEMS"):  # found where they are registered
            return
        case ast.keyword(arg="default" | "name"):
            return
    for child in ast.iter_child_nodes(tree):
        yield from glued(child)


def written(path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Of a source file: (text, where) of labels and messages, and where one is put together out of pieces."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = node.value
    texts: list[tuple[str, str]] = []
    worker = path.name in WORKER_FILES
    pieces = [f"{path.name}:{node.lineno}" for node in glued(tree)] if not worker else []

    def take(node: ast.expr, where: str) -> None:
        match node:
            case ast.Constant(value=str(text)):
                texts.append((text, where))
            case ast.IfExp(body=body, orelse=orelse):
                take(body, where)
                take(orelse, where)
            case ast.Name(id=name) if name in constants:
                take(constants[name], where)
            case ast.BoolOp(values=values):
                for value in values:
                    take(value, where)
            case ast.Subscript(value=ast.Name(id=name)) if name in constants:  # one of a table of texts
                take(constants[name], where)
            case ast.Dict(values=values):
                for value in values:
                    take(value, where)

    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        where = f"{path.name}:{node.lineno}"
        at = POSITIONS.get(name)
        if at is not None and at < len(node.args):
            take(node.args[at], where)
        if name == "tr" and isinstance(node.args[0], ast.Call):  # a table of texts, as in tr(TEXTS.get(...))
            inner = node.args[0].func
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
                take(inner.value, where)
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS:
                take(keyword.value, where)
    return texts, pieces


def collect(classes: Iterable[Any], sources: Iterable[Path]) -> dict[str, str]:
    """Every text that needs a translation, with one place where it is."""
    found: dict[str, str] = {}
    for text, where in [*registered(classes), *(said for path in sources for said in written(path)[0])]:
        found.setdefault(text, where)
    return {text: where for text, where in found.items() if text and shown(text)}
