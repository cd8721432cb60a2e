"""How long Blender's main thread is held, in a real window and with the core itself. Prints a table in Markdown.

    LATTE3D_GUI_DRIVER=path/of/driver .venv/bin/python tests/gui/measure.py

A timer inside Blender that is due every 5 ms notes how late it comes; what is drawn by a software driver counts as late
too, so the same is measured with no job and the sidebar drawn anew as often. Drawing of the panels is counted in the
main thread's own processor time, all else on the clock: so nothing else should run meanwhile, and where something does,
a line says so.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import window as driving
from window import MODULE, Window, opened

#: Seconds after which a measurement has failed.
DEADLINE = 600.0

#: The part of the processors that other work may take without a word.
QUIET = 0.1

#: What is aimed at, in milliseconds.
GAP, CANCEL, INSERTION, DRAWING, ENABLING = 50, 100, 200, 1, 100

#: What the first job loads is loaded once; the others follow it.
FIRST, OTHERS = "a red sports car", ("a wooden chair", "a small house", "a blue truck", "a green tree", "a red sofa")

#: An expression for Blender: its version and those of its Python and its torch, which is not imported for that.
_VERSIONS = """[bpy.app.version_string, sys.version.split()[0],
    importlib.import_module("importlib.metadata").version("torch")]"""

#: Put into Blender once. ``probe`` collects, in seconds: gaps between ticks until a result is inserted (then Blender
#: draws the scene with it), drawing of all our panels, insertions.
_PROBE = """
import time
probe = {"on": False, "last": None, "gaps": [], "draws": [], "each": {}, "places": [], "placed": False, "answers": {}}
notes["probe"] = probe

def tick():
    now = time.perf_counter()
    if probe["on"] and probe["last"] is not None and not probe["placed"]:
        probe["gaps"].append(now - probe["last"])
    probe["last"] = now
    return 0.005
bpy.app.timers.register(tick, persistent=True)

def timed(panel):
    draw = panel.draw
    def measured(self, context):
        begin = time.thread_time()
        draw(self, context)
        spent = time.thread_time() - begin
        if panel.bl_idname == "LATTE3D_PT_main":
            probe["draws"].append(0.0)
        if probe["draws"]:
            probe["draws"][-1] += spent
            probe["each"].setdefault(panel.bl_label, []).append(spent)
    panel.draw = measured
for panel in bpy.types.Panel.__subclasses__():
    if getattr(panel, "bl_idname", "").startswith("LATTE3D_PT_") and panel.is_registered:
        timed(panel)

timer = module("timer")
place = timer.place
def measured_place(job_id):
    begin = time.perf_counter()
    place(job_id)
    probe["places"].append(time.perf_counter() - begin)
    probe["placed"] = True
timer.place = measured_place
"""

#: Runs ``START`` and writes what the probe collected until ``DONE`` to the file ``PATH``. Nobody asks meanwhile.
_ROUND = """
import time
probe = notes["probe"]
def follow():
    if not probe["on"]:
        probe.update(on=True, last=None, gaps=[], draws=[], each={}, places=[], placed=False)
        START
        return 0.2
    if not (DONE):
        return 0.1
    probe["on"] = False
    with open(PATH + ".part", "w") as file:
        json.dump({name: probe[name] for name in ("gaps", "draws", "each", "places")}, file)
    import os
    os.replace(PATH + ".part", PATH)
begin = time.perf_counter()
bpy.app.timers.register(follow, first_interval=1.0)
"""

#: Ten seconds in which a region is drawn anew ten times a second: a strip of Blender's own, or the sidebar.
_STRIP = """region("HEADER").tag_redraw() or time.perf_counter() - begin > 10.0"""
_IDLE = """module("timer").redraw() or time.perf_counter() - begin > 10.0"""
_ENDED = "jobs().active is None and not jobs().waiting"
_GENERATE = "bpy.ops.latte3d.generate(prompt={prompt!r})"

#: Cancels what runs, and notes when the panel has said so and when the worker is free again.
_CANCEL = """
import time
answers, panels, queue = {}, module("panels"), jobs()
outcome, events = panels.draw_outcome, queue._events
def told(*arguments):
    answers.setdefault("panel", time.perf_counter())
    outcome(*arguments)
class Heard:
    get = events.get
    def put(self, news):
        if type(news[1]).__name__ == "Stopped":
            answers["worker"] = time.perf_counter()
        events.put(news)
panels.draw_outcome, queue._events = told, Heard()
begin = time.perf_counter()
bpy.ops.latte3d.cancel()
answers["operator"] = time.perf_counter()
def ready():
    if len(answers) < 3:
        return 0.01
    panels.draw_outcome, queue._events = outcome, events
    notes["answers"] = {name: at - begin for name, at in answers.items()}
notes["answers"] = None
bpy.app.timers.register(ready)
"""

#: Seconds of the extension's own part, imports and ``register``, and of the operator that a user presses, in turn.
_REGISTER = f"""
import time
own, pressed = [], []
sys.dont_write_bytecode = False
def forget():
    for name in [name for name in sys.modules if name.startswith({MODULE!r})]:
        del sys.modules[name]
for _ in range(4):
    bpy.ops.preferences.addon_disable(module={MODULE!r})
    forget()
    begin = time.perf_counter()
    importlib.import_module({MODULE!r}).register()
    own.append(time.perf_counter() - begin)
    sys.modules[{MODULE!r}].unregister()
    forget()
    begin = time.perf_counter()
    bpy.ops.preferences.addon_enable(module={MODULE!r})
    pressed.append(time.perf_counter() - begin)
print(json.dumps([own, pressed]))
"""


def one_round(window: Window, start: str, done: str) -> dict[str, Any]:
    """Gaps, drawing times (of all panels at once, and of each by its label) and insertions, in seconds, from ``start``
    until ``done``."""
    path = window.scratch / f"round-{time.monotonic_ns()}.json"
    code = _ROUND.replace("START", start).replace("DONE", done).replace("PATH", repr(str(path)))
    window.run(code)
    end = time.monotonic() + DEADLINE
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"not done: {start}")
        time.sleep(0.2)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


class Table:
    """What was measured, told as it comes and in the end as Markdown."""

    def __init__(self) -> None:
        self._rows: list[str] = []

    def add(self, name: str, seconds: list[float], target: float | None = None) -> None:
        """Arguments: ``target`` in milliseconds, for the longest."""
        middle, worst = statistics.median(seconds) * 1e3, max(seconds) * 1e3
        over = "" if target is None else str(sum(value * 1e3 > target for value in seconds))
        row = f"| {name} | {middle:.1f} | {worst:.1f} | {len(seconds)} | {target or ''} | {over} |"
        print(row, file=sys.stderr, flush=True)
        self._rows.append(row)

    def __str__(self) -> str:
        head = "| what | median | longest | number | target | above it |\n| --- | --- | --- | --- | --- | --- |\n"
        return head + "\n".join(self._rows)


def busy(seconds: float = 3.0) -> float:
    """The part of the processors that all programs together have used during the next seconds; 0 if it is not told."""

    def ticks() -> tuple[int, int]:
        numbers = [int(word) for word in Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]]
        return sum(numbers), numbers[3] + numbers[4]  # all, and idle or waiting for the disk

    if not Path("/proc/stat").exists():
        return 0.0
    total, idle = ticks()
    time.sleep(seconds)
    total, idle = ticks()[0] - total, ticks()[1] - idle
    return 1.0 - idle / max(total, 1)


def main() -> int:
    driver = os.environ.get(driving.DRIVER)
    if not driver:
        print(driving.NO_DRIVER, file=sys.stderr)
        return 2
    table, before = Table(), busy()
    with driving.installed(driver) as window, opened(window):
        missing = window.ask(driving.MISSING)
        if missing:
            print(f"Blender's Python has no {', '.join(missing)} (see tests/gui/README.md)", file=sys.stderr)
            return 2
        blender, python, torch = window.ask(_VERSIONS)
        own, pressed = json.loads(window.run(_REGISTER).splitlines()[-1])
        table.add("registration: imports and register(), the first time (compiles)", own[:1])
        table.add("registration: imports and register()", own[1:], ENABLING)
        table.add("enabling: that, and what Blender itself does", pressed[1:], ENABLING)
        window.run("bpy.context.preferences.system.use_region_overlap = False")
        window.run(_PROBE)
        strip = one_round(window, "pass", _STRIP)
        table.add("gap without a job, only the header drawn as often", strip["gaps"])
        places: list[float] = []
        for kind, backend in (("separate process", "PROCESS"), ("in Blender", "THREAD")):
            window.new_file()
            _compute(window, backend)
            idle = one_round(window, "pass", _IDLE)
            table.add(f"gap without a job, the sidebar drawn as often ({kind})", idle["gaps"])
            jobs = [one_round(window, _GENERATE.format(prompt=prompt), _ENDED) for prompt in (FIRST, *OTHERS)]
            table.add(f"gap during the first job, which loads everything ({kind})", jobs[0]["gaps"], GAP)
            table.add(f"gap during the others ({kind})", [gap for job in jobs[1:] for gap in job["gaps"]], GAP)
            draws = [draw for job in jobs for draw in job["draws"]]
            table.add(f"drawing the open panels once ({kind})", draws, DRAWING)
            places += [place for job in jobs for place in job["places"]]
            for name, times in _cancels(window).items():
                table.add(f"Cancel, until {name} ({kind})", times, None if "free" in name else CANCEL)
        table.add("insertion, 5,000 faces, 1024² textures, with the undo step", places, INSERTION)
        _compute(window, "PROCESS")
        everything = _everything(window)
        table.add("drawing all panels once, all of them open and full", everything["draws"], DRAWING)
        slowest = max(everything["each"], key=lambda label: statistics.median(everything["each"][label]))
        table.add(f"of these the slowest, {slowest}", everything["each"][slowest], DRAWING)
        for name, times in _live(window).items():
            table.add(name, times)
        for name, times in _half_a_million(window).items():
            table.add(name, times, GAP)
    after = busy()
    print(f"Blender {blender}, Python {python}, torch {torch}, {os.cpu_count()} processor cores; milliseconds.")
    if max(before, after) > QUIET:
        print(
            f"Other work ran: it took {before:.0%} of the processors before the measurement and {after:.0%} after it."
        )
    print(f"\n{table}")
    return 0


def _compute(window: Window, backend: str) -> None:
    """Let a new session work in Blender or in a process of its own."""
    window.run(f"""
        bpy.context.preferences.addons[{MODULE!r}].preferences.backend = {backend!r}
        module("session").open_session()
    """)


#: An object with two styles, twenty jobs that have ended, a list of a thousand prompts, a page full of history.
_FULL = """
import time
scene = bpy.context.scene
for prompt in ("a red car", "a chair", "a cup", "a house", "a tree", "a lamp", "a hat", "a boat", "a sofa"):
    bpy.ops.latte3d.generate(prompt=prompt, faces=500, texture_size=256)
def styles():
    if jobs().active is not None or jobs().waiting:
        return 0.2
    for prompt in ("made of gold", "made of wood"):
        bpy.ops.latte3d.stylize(prompt=prompt, texture_size=256)
    return None if bpy.app.timers.register(stopped, first_interval=0.2) else None
def stopped():
    if jobs().active is not None or jobs().waiting:
        return 0.2
    for number in range(20):
        bpy.ops.latte3d.generate(prompt=f"number {number}")
    bpy.ops.latte3d.cancel_all()
    text = bpy.data.texts.new("list")
    text.write("\\n".join(f"{number} x thing {number}" for number in range(1, 1001)))
    scene.latte3d_populate.source, scene.latte3d_populate.text = "TEXT", text
    notes["full"] = True
notes["full"] = False
bpy.app.timers.register(styles, first_interval=0.2)
"""


def _everything(window: Window) -> dict[str, Any]:
    """Ten seconds in which all panels are open and have something to show."""
    panels = window.ask("""[
        panel.bl_idname.removeprefix("LATTE3D_PT_") for panel in bpy.types.Panel.__subclasses__()
        if getattr(panel, "bl_parent_id", "") == "LATTE3D_PT_main" and panel.is_registered
    ]""")
    window.new_file(*panels)
    window.run(_FULL)
    window.wait_for("notes['full']", DEADLINE)
    return one_round(window, "pass", _IDLE)


def _live(window: Window) -> dict[str, list[float]]:
    """Seconds from a change of the prompt, or of the blend's slider, to the preview in the scene."""
    found: dict[str, list[float]] = {}
    for mode, name, change in (
        ("PROMPT", "Live, from the last key to the preview", "scene.latte3d.prompt = 'a ' + ('cup', 'car')[count % 2]"),
        ("BLEND", "Live, from a step of the blend's slider to the preview", "scene.latte3d_blend.factor = count / 12"),
    ):
        window.new_file()
        window.run(f"""
            import time
            scene, ui = bpy.context.scene, module("live_ui")
            scene.latte3d.prompt, scene.latte3d_blend.prompt_b = "a red sports car", "a wooden boat"
            bpy.ops.latte3d.live(mode={mode!r})
            notes["live"], state, show = [], {{"begin": None, "count": 0}}, ui.show
            def seen(context, result):
                show(context, result)
                if state["begin"] is not None:
                    notes["live"].append(time.perf_counter() - state["begin"])
                state["begin"] = None
                bpy.app.timers.register(change, first_interval=0.5)
            def change():
                if len(notes["live"]) == 10:
                    ui.show = show
                    ui.switch("OFF")
                    return
                state["count"] += 1
                count = state["count"]
                state["begin"] = time.perf_counter()
                {change}
            ui.show = seen
        """)
        window.wait_for("len(notes['live']) == 10", DEADLINE)
        found[name] = window.ask("notes['live']")
    return found


def _half_a_million(window: Window) -> dict[str, list[float]]:
    """Seconds that Stylize holds the main thread for a mesh of 497,000 quads, at the button and at the insertion."""
    window.new_file("stylize")
    window.run("""
        import time
        bpy.ops.mesh.primitive_grid_add(x_subdivisions=700, y_subdivisions=710)
        bpy.context.view_layer.update()
        begin = time.perf_counter()
        bpy.ops.latte3d.stylize(prompt="made of gold")
        notes["pressed"] = time.perf_counter() - begin
        notes["probe"]["places"].clear()
    """)
    window.wait_for("len(bpy.context.object.latte3d_variants.entries) == 2 and " + _ENDED, DEADLINE)
    pressed, placed = window.ask("[notes['pressed'], notes['probe']['places']]")
    return {"Stylize, 497,000 faces: the button": [pressed], "Stylize, 497,000 faces: the insertion": placed}


def _cancels(window: Window) -> dict[str, list[float]]:
    """Seconds from the call of Cancel, in several stages of a job."""
    names = {"operator": "the operator returns", "panel": "the panel says so", "worker": "the worker is free"}
    times: dict[str, list[float]] = {name: [] for name in names.values()}
    for stage in ("network", "field", "bake"):
        window.run("bpy.ops.latte3d.generate(prompt='a red sports car', texture_size=2048, faces=20000)")
        window.wait_for(f"not jobs().active or jobs().active.stage == {stage!r}", DEADLINE)
        if not window.ask("jobs().active is not None"):
            continue  # over before anybody looked
        window.run(_CANCEL)
        answers: dict[str, Any] = window.wait_for("notes['answers']")
        for name, seconds in answers.items():
            times[names[name]].append(seconds)
        window.wait_for(_ENDED)
    return {name: seconds for name, seconds in times.items() if seconds}


if __name__ == "__main__":
    sys.exit(main())
