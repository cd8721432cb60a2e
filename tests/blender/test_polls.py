"""A button that cannot be pressed says why; and nothing that can be pressed asks the network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from support import MODULE, Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")


def nothing(extension: Extension) -> None:
    """An empty file, with an empty history."""
    extension.history_ui.prompts().clear()


def light(extension: Extension) -> None:
    bpy.ops.object.light_add()


def edit_mode(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")


def made_here(extension: Extension) -> None:
    extension.run("a ball")


def at_work(extension: Extension) -> None:
    extension.session.jobs().submit(extension.generate.GenerateTask("SLOW ball"))


def switched_off(extension: Extension) -> None:
    extension.session.close_session()


@pytest.mark.parametrize("stage", [nothing, light, edit_mode, made_here, at_work, switched_off])
def test_a_button_that_cannot_be_pressed_says_why(
    extension: Extension, monkeypatch: pytest.MonkeyPatch, stage: Callable[[Extension], None]
) -> None:
    stage(extension)
    said: list[str] = []
    refused = 0
    try:
        for name in import_module(MODULE).MODULES:
            for cls in getattr(import_module(f"{MODULE}.{name}"), "CLASSES", ()):
                if not issubclass(cls, bpy.types.Operator):
                    continue
                monkeypatch.setattr(cls, "poll_message_set", said.append, raising=False)
                said.clear()
                possible = getattr(bpy.ops.latte3d, cls.bl_idname.partition(".")[2]).poll()
                assert possible or len(said) == 1, f"{cls.bl_idname} gives {len(said)} reasons"
                for reason in said:
                    assert len(reason) > 10 and reason.lstrip("“")[0].isupper() and not reason.endswith("."), reason
                refused += not possible
    finally:
        jobs = extension.session.jobs()
        if jobs is not None:
            jobs.cancel_all()
    assert refused > 0


def test_nothing_asks_the_network(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where Blender may: what is made, looked at and checked is made here."""
    asked: list[Any] = []

    def refuse(*given: Any, **named: Any) -> Any:
        asked.append(given)
        raise OSError("no network in this test")

    for owner, name in ((socket.socket, "connect"), (socket, "create_connection"), (socket, "getaddrinfo")):
        monkeypatch.setattr(owner, name, refuse)
    extension.run("a ball")
    bpy.ops.latte3d.regenerate()
    bpy.ops.latte3d.populate(source="SENTENCE", sentence="two cups")
    bpy.ops.latte3d.mark_asset()
    bpy.ops.latte3d.measure_storage()
    for name in import_module(MODULE).MODULES:
        for cls in getattr(import_module(f"{MODULE}.{name}"), "CLASSES", ()):
            if issubclass(cls, bpy.types.Panel) and hasattr(cls, "poll"):
                cls.poll(bpy.context)
    module = import_module(MODULE)
    module.unregister()
    module.register()
    assert asked == []
