"""How long Blender's main thread is held, in a real window and with the core itself. Prints a table in Markdown.

    LATTE3D_GUI_DRIVER=path/of/driver .venv/bin/python tests/gui/measure.py

A timer inside Blender that is due every 5 ms notes how late it comes; what is drawn by a software driver counts as late
too, so the same is measured with no job and the sidebar drawn anew as often.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any

import window as driving
from window import MODULE, Window, opened

#: Seconds after which a measurement has failed.
DEADLINE = 600.0

#: Put into Blender once. ``probe`` collects, in seconds: gaps between ticks, drawing of all our panels, insertions.
_PROBE = """
import time
probe = {"on": False, "last": None, "gaps": [], "draws": [], "places": [], "placed": False, "answers": {}}
notes["probe"] = probe

def tick():
    now = time.perf_counter()
    if probe["on"] and probe["last"] is not None and not probe["placed"]:
        probe["gaps"].append(now - probe["last"])
    probe["last"], probe["placed"] = now, False
    return 0.005
bpy.app.timers.register(tick, persistent=True)

def timed(panel):
    draw = panel.draw
    def measured(self, context):
        begin = time.perf_counter()
        draw(self, context)
        spent = time.perf_counter() - begin
        if panel.bl_idname == "LATTE3D_PT_main":
            probe["draws"].append(0.0)
        if probe["draws"]:
            probe["draws"][-1] += spent
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
        probe.update(on=True, last=None, gaps=[], draws=[], places=[], placed=False)
        START
        return 0.2
    if not (DONE):
        return 0.1
    probe["on"] = False
    with open(PATH + ".part", "w") as file:
        json.dump({name: probe[name] for name in ("gaps", "draws", "places")}, file)
    import os
    os.replace(PATH + ".part", PATH)
begin = time.perf_counter()
bpy.app.timers.register(follow, first_interval=1.0)
"""

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

_REGISTER = f"""
import time
spent = []
sys.dont_write_bytecode = False
for _ in range(4):
    bpy.ops.preferences.addon_disable(module={MODULE!r})
    for name in [name for name in sys.modules if name.startswith({MODULE!r})]:
        del sys.modules[name]
    begin = time.perf_counter()
    bpy.ops.preferences.addon_enable(module={MODULE!r})
    spent.append(time.perf_counter() - begin)
print(json.dumps(spent))
"""


def one_round(window: Window, start: str, done: str) -> dict[str, list[float]]:
    """Gaps, drawing times and insertions, in seconds, from ``start`` until ``done``."""
    path = window.scratch / f"round-{time.monotonic_ns()}.json"
    code = _ROUND.replace("START", start).replace("DONE", done).replace("PATH", repr(str(path)))
    window.run(code)
    end = time.monotonic() + DEADLINE
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"not done: {start}")
        time.sleep(0.2)
    found: dict[str, list[float]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def main() -> int:
    driver = os.environ.get(driving.DRIVER)
    if not driver:
        print(driving.NO_DRIVER, file=sys.stderr)
        return 2
    rows: list[tuple[str, str]] = []

    def add(name: str, seconds: list[float]) -> None:
        worst, middle = max(seconds) * 1e3, statistics.median(seconds) * 1e3
        rows.append((name, f"{middle:.1f} | {worst:.1f} | {len(seconds)}"))
        print(f"{name}: median {middle:.1f} ms, longest {worst:.1f} ms, {len(seconds)}", flush=True)

    with driving.installed(driver) as window, opened(window):
        missing = window.ask(driving.MISSING)
        if missing:
            print(f"Blender's Python has no {', '.join(missing)}", file=sys.stderr)
            return 2
        spent = json.loads(window.run(_REGISTER).splitlines()[-1])
        add("enabling, the first time (compiles)", spent[:1])
        add("enabling", spent[1:])
        window.run("bpy.context.preferences.system.use_region_overlap = False")
        window.run(_PROBE)
        draws: list[float] = []
        places: list[float] = []
        for kind, backend in (("in Blender", "THREAD"), ("separate process", "PROCESS")):
            window.new_file()
            window.run(f"""
                bpy.context.preferences.addons[{MODULE!r}].preferences.backend = {backend!r}
                module("session").open_session()
            """)
            add(f"gap, no job, sidebar drawn as often ({kind})", _gaps(one_round(window, "pass", _IDLE)))
            for number, prompt in enumerate(("a red sports car", "a wooden chair", "a small house", "a blue truck")):
                found = one_round(window, _GENERATE.format(prompt=prompt), _ENDED)
                if number == 0:
                    add(f"gap, first job, which loads everything ({kind})", _gaps(found))
                else:
                    add(f"gap, “{prompt}” ({kind})", _gaps(found))
                    draws += found["draws"]
                places += found["places"]
            for name, times in _cancels(window).items():
                add(f"cancel, until {name} ({kind})", times)
        add("drawing all panels of the tab, one redraw", draws)
        add("insertion, 5,000 faces, 1024² textures, with the undo step", places)
    print("\n| what | median, ms | longest, ms | number |\n| --- | --- | --- | --- |")
    print("\n".join(f"| {name} | {values} |" for name, values in rows))
    return 0


def _gaps(found: dict[str, list[float]]) -> list[float]:
    return found["gaps"]


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
