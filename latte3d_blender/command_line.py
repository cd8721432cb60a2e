"""Without a window: ``blender --command latte3d``, from a prompt or steps in JSON to files and a report in JSON.

    blender --command latte3d generate "a red sports car" --seed 3 --save car.blend --export car.glb
    blender --command latte3d run steps.json --report report.json

The steps are what an artist would press, in order: {"open": FILE, "steps": [{"do": OPERATOR, ARGUMENT: VALUE, ...},
...], "save": FILE, "export": FILE}, of which only "steps" has to be there. An operator is one of ``bpy.ops.latte3d``;
{"do": "select", "objects": [NAMES]} selects, and makes the first name active; "made" for the names selects what the
last step made that made anything. The first step that fails ends the run.
The report is {"ok", "blender", "steps": [{"do", "ok", "message", "objects", "warnings", "seconds"}, ...], "files"}.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy

from . import session
from .translations import english

#: What an exported file may end in, and Blender's operator for it.
EXPORTERS: Mapping[str, Callable[[str], Any]] = {
    ".glb": lambda path: bpy.ops.export_scene.gltf(filepath=path, export_format="GLB", export_extras=True),
    ".obj": lambda path: bpy.ops.wm.obj_export(filepath=path),
    ".usd": lambda path: bpy.ops.wm.usd_export(filepath=path),
}

#: Arguments of Generate that the command line takes too: name, type, help.
_BUDGETS: tuple[tuple[str, type, str], ...] = (
    ("seed", int, "same prompt and seed, same object"),
    ("alpha", float, "shape strength, 0 to 1"),
    ("faces", int, "face budget"),
    ("texture_size", int, "in pixels"),
    ("unwrap", str, "fast or careful"),
)


class CommandError(Exception):
    """Ends the run; the message is the one sentence that the user reads."""


def main(arguments: list[str]) -> int:
    """What Blender calls with the arguments after ``--command latte3d``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="blender --command latte3d", description="Textured objects from text.")
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", help="one object from a prompt")
    generate.add_argument("prompt")
    for name, kind, text in _BUDGETS:
        generate.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)
    generate.add_argument("--save", help="the .blend to write")
    generate.add_argument("--export", help=f"another file to write: {', '.join(EXPORTERS)}")
    run_ = commands.add_parser("run", help="the steps in a JSON file, one after the other")
    run_.add_argument("steps", type=Path)
    for command in (generate, run_):
        command.add_argument("--report", type=Path, help="where to write the report; else it is printed")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:  # argparse has said why; Blender itself must not end here
        return int(stop.code or 0)
    try:
        if options.command == "run":
            plan, home = read_plan(options.steps), options.steps.resolve().parent
        else:
            given = {name: value for name, _, _ in _BUDGETS if (value := getattr(options, name)) is not None}
            plan = {"steps": [{"do": "generate", "prompt": options.prompt, **given}]}
            plan |= {name: value for name in ("save", "export") if (value := getattr(options, name))}
            home = Path.cwd()
        report = run(plan, home)
        text = json.dumps(report, indent=2, ensure_ascii=False)
        if options.report is None:
            print(text)
        else:
            options.report.write_text(text + "\n", encoding="utf-8")
    except (CommandError, OSError) as error:
        print(f"latte3d: {error}", file=sys.stderr)
        return 1
    failed = next((step for step in report["steps"] if not step["ok"]), None)
    if failed is not None:
        print(f"latte3d: {failed['do']}: {failed['message']}", file=sys.stderr)
    return 0 if report["ok"] else 1


def read_plan(path: Path) -> dict[str, Any]:
    """A list of steps from a file.

    Raises:
        CommandError: it cannot be read, or is not one.
    """
    try:
        plan = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"The steps cannot be read from {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise CommandError(f"{path} is not JSON: {error}.") from error
    steps = plan.get("steps") if isinstance(plan, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) and "do" in step for step in steps):
        example = '{"steps": [{"do": "generate", "prompt": "a cup"}]}'
        raise CommandError(f"{path} has no list of steps: write {example}.")
    unknown = set(plan) - {"open", "steps", "save", "export"}
    if unknown:
        raise CommandError(f"{path} has a part that is not known, {sorted(unknown)[0]!r}: see the manual.")
    return plan


def run(plan: Mapping[str, Any], home: Path) -> dict[str, Any]:
    """Do the steps, and return the report.

    Arguments:
        plan: see the top of this module. home: what the paths in it are relative to.

    Raises:
        CommandError: a file cannot be opened or written.
    """
    ends = Path(str(plan.get("export", "none.glb"))).suffix.lower()
    if ends not in EXPORTERS:
        raise CommandError(f"Files that end in “{ends}” cannot be written: choose {', '.join(EXPORTERS)}.")
    if "open" in plan:
        _file(lambda: bpy.ops.wm.open_mainfile(filepath=str(home / plan["open"])), "opened", plan["open"])
    else:
        bpy.ops.wm.read_homefile(use_empty=True)
    steps: list[dict[str, Any]] = []
    for step in plan["steps"]:
        arguments = {name: value for name, value in step.items() if name != "do"}
        if isinstance(arguments.get("filepath"), str) and not arguments["filepath"].startswith("//"):
            arguments["filepath"] = str(home / arguments["filepath"])
        if step["do"] == "select" and arguments.get("objects") == "made":
            arguments["objects"] = next((past["objects"] for past in reversed(steps) if past["objects"]), [])
        steps.append(do(step["do"], arguments))
        if not steps[-1]["ok"]:
            break
    done = all(step["ok"] for step in steps)
    files = []
    if done and "save" in plan:
        path = str(home / plan["save"])
        _file(lambda: bpy.ops.wm.save_as_mainfile(filepath=path, compress=True), "written", path)
        files.append(path)
    if done and "export" in plan:
        path = str(home / plan["export"])
        _file(lambda: EXPORTERS[ends](path), "written", path)
        files.append(path)
    return {"ok": done, "blender": bpy.app.version_string, "steps": steps, "files": files}


def do(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One step; its part of the report."""
    report: dict[str, Any] = {"do": name, "ok": False, "message": "", "objects": [], "warnings": [], "seconds": {}}
    jobs = session.jobs()
    before = {job.id for job in jobs.jobs} if jobs is not None else set()
    try:
        if name == "select":
            report["objects"] = select(arguments.get("objects", ()))
        elif not hasattr(bpy.types, f"LATTE3D_OT_{name}"):
            raise CommandError("There is no such step: see the manual for the names.")
        elif "FINISHED" not in getattr(bpy.ops.latte3d, name)(**arguments):
            raise CommandError("It was not done.")
        report["ok"] = True
    except (CommandError, RuntimeError, TypeError) as error:
        report["message"] = str(error).removeprefix("Error: ").strip()
    for job in jobs.jobs if jobs is not None else ():
        if job.id not in before:
            report["message"] = report["message"] or english(job.message)
            report["objects"] += job.names
            report["warnings"] += map(english, job.warnings)
            for stage, seconds in job.timings.items():
                report["seconds"][stage] = round(report["seconds"].get(stage, 0.0) + seconds, 3)
    return report


def select(names: Sequence[str]) -> list[str]:
    """Select these objects alone, and make the first active.

    Raises:
        CommandError: one is not in the scene.
    """
    scene = bpy.context.view_layer.objects
    missing = [name for name in names if name not in scene]
    if missing:
        raise CommandError(f"There is no object “{missing[0]}” in the scene: choose another one.")
    for obj in scene:
        obj.select_set(obj.name in names)
    scene.active = scene[names[0]] if names else None
    return list(names)


def _file(work: Callable[[], Any], done: str, path: str) -> None:
    try:
        work()
    except RuntimeError as error:
        reason = str(error).removeprefix("Error: ").strip().rstrip(".")
        raise CommandError(f"{path} cannot be {done}: {reason}.") from error


#: What Blender gave for the command, and wants back to take it away.
_handles: list[Any] = []


def register() -> None:
    _handles.append(bpy.utils.register_cli_command("latte3d", main))


def unregister() -> None:
    while _handles:
        bpy.utils.unregister_cli_command(_handles.pop())
