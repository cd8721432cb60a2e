"""Finds the sentences that are made where nobody can ask Blender for a translation: on the worker, in the setup check,
in an installation of the runtime, and in the core. test_worker_messages.py names those that have no translation yet.

A sentence is found as all that it can come to: an f-string that is put together from conditional parts, local names and
what functions return counts once for each way, with ``GAP`` where something is filled in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

GAP = "\0"

#: Modules of the core whose sentences never come to Blender: those of the command line and of training, the settings of
#: a configuration, which a model file answers for, and what is written or rendered for files.
ELSEWHERE = frozenset({"batch", "bench", "cli", "cli_common", "cli_studies", "cli_training", "config", "files", "glb",
                       "jsonl", "presets"})  # fmt: skip
ELSEWHERE_FOLDERS = frozenset({"data", "eval", "render", "studies", "train"})
#: What of training is needed to refine an object.
REFINING = frozenset({"guidance", "refine"})

#: Errors whose message an artist reads; all others are for programmers.
ERRORS = frozenset({"PromptError", "SettingError", "CheckpointError", "OutputError", "DependencyError", "SurfaceError",
                    "RuntimePackError"})  # fmt: skip
#: Which arguments of other calls an artist reads, by the name of what is called.
ARGUMENTS = {"Failed": (0,), "Finding": (0, 2), "warn": (0,), "in_range": (0,), "Choice": (3,), "_blame": (0,),
             "stop": (0,)}  # fmt: skip

#: How deep names and calls are looked through: deeper than any sentence goes, and an end to what leads in a circle.
DEPTH = 8


def sources(root: Path, skipped: Iterable[str]) -> list[Path]:
    """The files in which such sentences are made. ``skipped`` names those of the extension that are not shipped."""
    core = root / "latte3d_core"
    left = frozenset(skipped)
    found = [path for path in sorted((root / "latte3d_blender").glob("*.py")) if path.name not in left]
    for path in sorted(core.rglob("*.py")):
        folders = path.relative_to(core).parts[:-1]
        refining = folders == ("train",) and path.stem in REFINING
        if refining or not (ELSEWHERE_FOLDERS.intersection(folders) or path.stem in ELSEWHERE):
            found.append(path)
    return found


@dataclass
class Module:
    """What the names of a file stand for."""

    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    #: Of the dataclasses: what is put into each field, wherever one of them is made.
    fields: dict[str, list[tuple[ast.expr, ast.FunctionDef | None]]] = field(default_factory=dict)

    @staticmethod
    def read(path: Path) -> Module:
        module = Module(ast.parse(path.read_text(encoding="utf-8")))
        classes: dict[str, list[str]] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef):
                module.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                declared = [item for item in node.body if isinstance(item, ast.AnnAssign)]
                classes[node.name] = [item.target.id for item in declared if isinstance(item.target, ast.Name)]
                for item in declared:
                    if isinstance(item.target, ast.Name) and item.value is not None:
                        module.fields.setdefault(item.target.id, []).append((item.value, None))
        for statement in module.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    module.constants[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    module.constants[name] = value
        for call, function in calls(module.tree):
            names = classes.get(called(call), [])
            for name, argument in zip(names, call.args, strict=False):
                module.fields.setdefault(name, []).append((argument, function))
        return module


def calls(tree: ast.AST, function: ast.FunctionDef | None = None) -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
    """Every call, with the function in which it stands."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield node, function
        yield from calls(node, node if isinstance(node, ast.FunctionDef) else function)


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


class Reader:
    """Works out what expressions can come to, as texts with gaps."""

    def __init__(self, modules: dict[Path, Module]) -> None:
        self.modules = modules
        self.functions = {name: (m, f) for m in modules.values() for name, f in m.functions.items()}

    def texts(self, node: ast.expr | None, module: Module, function: ast.FunctionDef | None, depth: int) -> set[str]:
        """All that ``node`` can come to, in ``function`` of ``module``."""
        if depth == 0:
            return {GAP}

        def of(part: ast.expr | None) -> set[str]:
            return self.texts(part, module, function, depth - 1)

        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.JoinedStr(values=values):
                return {"".join(parts) for parts in product(*map(of, values))}
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return of(value)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return {one + other for one, other in product(of(left), of(right))}
            case ast.IfExp(body=body, orelse=orelse):
                return of(body) | of(orelse)
            case ast.BoolOp(op=ast.Or(), values=[*first, last]):
                return {text for value in first for text in of(value) if text} | of(last)
            case ast.Tuple(elts=elements):
                return {text for element in elements for text in of(element)}
            case ast.Call(func=ast.Attribute(attr="join", value=ast.Constant(value=str(between)))):
                return {GAP, GAP + between + GAP}
            case ast.Call(func=ast.Attribute(attr="strip", value=value)):
                return {text.strip() for text in of(value)}
            case ast.Call(func=ast.Name(id=name)):
                return self.returned(name, module, depth)
            case ast.Name(id=name):
                return self.named(name, module, function, depth)
            case ast.Attribute(attr=name) if name in module.fields:
                values = module.fields[name]
                found = {text for value, at in values for text in self.texts(value, module, at, depth - 1)}
                # A word by itself is one such as "auto", in whose place there may be others.
                return {GAP if text.isalnum() else text for text in found}
        return {GAP}

    def returned(self, name: str, module: Module, depth: int) -> set[str]:
        """What a function can give back, of this module before others."""
        if name in module.functions:
            function = module.functions[name]
        elif name in self.functions:
            module, function = self.functions[name]
        else:
            return {GAP}
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        found = {text for value in values for text in self.texts(value, module, function, depth - 1)}
        return found or {GAP}

    def named(self, name: str, module: Module, function: ast.FunctionDef | None, depth: int) -> set[str]:
        """What a name can stand for in a function, or in the module."""
        values: list[ast.expr | None] = []
        for node in ast.walk(function) if function is not None else ():
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    values.append(value)
                case ast.For(
                    target=ast.Tuple(elts=[ast.Name(id=target), *_]),
                    iter=ast.Call(func=ast.Attribute(attr="items", value=ast.Dict(keys=keys))),
                ) if target == name:
                    values.extend(keys)
        if not values and name in module.constants:
            values.append(module.constants[name])
        return {text for value in values for text in self.texts(value, module, function, depth - 1)} or {GAP}

    def said(self, module: Module) -> Iterator[str]:
        """All texts of a file that an artist reads."""
        for call, function in calls(module.tree):
            name = called(call)
            at = (0,) if name in ERRORS else ARGUMENTS.get(name, ())
            for number in at:
                if number < len(call.args):
                    yield from self.texts(call.args[number], module, function, DEPTH)
        for node in ast.walk(module.tree):
            match node:
                case ast.Assign(targets=[ast.Attribute(attr="error"), *_], value=value):
                    yield from self.texts(value, module, None, DEPTH)
                case ast.AnnAssign(target=ast.Name(id="CHECKS"), value=ast.Dict(keys=keys)):
                    for key in keys:
                        yield from self.texts(key, module, None, DEPTH)


def collect(paths: Iterable[Path]) -> dict[str, str]:
    """Every sentence with words in it, and a file in which it is made."""
    reader = Reader({path: Module.read(path) for path in paths})
    found: dict[str, str] = {}
    for path, module in reader.modules.items():
        for text in reader.said(module):
            if any(letter.isalpha() for letter in text):
                found.setdefault(text, path.name)
    return found
