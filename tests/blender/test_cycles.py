"""Made and undone again and again: Blender's memory stays as large as it was."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import Extension

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

#: Side of the textures, in pixels.
SIZE = 64
#: Objects of Python by which two counts may differ: what the interpreter itself keeps comes and goes.
SLACK = 20
#: As above, in MB.
GROWTH = 4.0


@dataclass(frozen=True)
class Count:
    """What there is at one time.

    Attributes:
        blocks: number of data-blocks by collection of ``bpy.data``.
        objects: those of Python that the garbage collector knows.
        resident: main memory of this process, in MB; 0 where there is no /proc.
    """

    blocks: dict[str, int]
    objects: int
    resident: float


def count() -> Count:
    gc.collect()
    kinds = [prop.identifier for prop in bpy.data.bl_rna.properties if prop.type == "COLLECTION"]
    pages = Path("/proc/self/statm")
    resident = int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages.exists() else 0.0
    return Count({kind: len(getattr(bpy.data, kind)) for kind in kinds}, len(gc.get_objects()), resident)


def cycles(extension: Extension, make: Callable[[int], Any], counted: tuple[int, int]) -> tuple[Count, Count]:
    """Let ``make`` do its one undo step and take it back, again and again; what there is after ``counted`` times."""
    jobs = extension.session.jobs()
    found = []
    bpy.ops.ed.undo_push(message="begin")
    for number in range(1, counted[-1] + 1):
        before = {obj.session_uid: obj.data.name for obj in bpy.data.objects}
        make(number)
        assert jobs.last.state.value == "done", jobs.last.message
        with jobs.at_rest():
            assert bpy.ops.ed.undo() == {"FINISHED"}
        assert {obj.session_uid: obj.data.name for obj in bpy.data.objects} == before
        if number in counted:
            found.append(count())
    first, last = found
    return first, last


def generate(number: int) -> None:
    bpy.ops.latte3d.generate(prompt="a ball", seed=number, texture_size=SIZE)
    assert len(bpy.data.objects) > 0


def vary(number: int) -> None:
    bpy.ops.latte3d.vary(object="a ball", seed=number)
    assert len(bpy.data.objects) == 2


def regenerate(number: int) -> None:
    before = bpy.data.objects["a ball"].data.name
    bpy.ops.latte3d.regenerate(object="a ball")
    assert bpy.data.objects["a ball"].data.name != before


def stylize(number: int) -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["a ball"]
    bpy.ops.latte3d.stylize(prompt="a wooden toy", seed=number, texture_size=SIZE)
    assert len(bpy.data.objects["a ball"].latte3d_variants.entries) == 2


@pytest.fixture
def forgetful(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> Extension:
    """The list of jobs and the history are full soon, and take no more memory from then on."""
    monkeypatch.setattr(extension.jobs, "HISTORY", 5)
    monkeypatch.setattr(extension.history, "LIMIT", 5)
    return extension


@pytest.mark.parametrize("make", [generate, vary, regenerate, stylize])
def test_sixty_cycles_leave_nothing(forgetful: Extension, make: Callable[[int], Any]) -> None:
    if make is not generate:
        forgetful.run("a ball", texture_size=SIZE)
    first, last = cycles(forgetful, make, (20, 60))
    assert last.blocks == first.blocks
    assert last.objects <= first.objects + SLACK


def test_sixty_cycles_with_a_separate_process_leave_nothing(forgetful: Extension, separate: Extension) -> None:
    first, last = cycles(separate, generate, (20, 60))
    assert last.blocks == first.blocks
    assert last.objects <= first.objects + SLACK


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_five_hundred_cycles_take_no_memory(extension: Extension) -> None:
    first, last = cycles(extension, generate, (100, 500))
    print(f"after 100 cycles: {first}\nafter 500 cycles: {last}")
    assert last.blocks == first.blocks
    # The history grows to its limit on the way, by an entry, how it was made, and its picture.
    assert last.objects <= first.objects + 3 * extension.history.LIMIT + SLACK
    assert last.resident <= first.resident + GROWTH
