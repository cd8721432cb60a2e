"""The prompt history goes into a file and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from latte3d_blender.history import LIMIT, History  # noqa: E402 - after the check for bpy

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_what_goes_out_comes_in_again(extension: Extension, tmp_path: Path) -> None:
    prompts = extension.history_ui.prompts()
    prompts.clear()
    with pytest.raises(RuntimeError, match="history is empty"):
        bpy.ops.latte3d.export_history(filepath=str(tmp_path / "none.json"))
    for prompt in ("ein grüner Käfer", "a cup", "a hat"):
        extension.run(prompt, seed=7)
    before = prompts.entries
    path = tmp_path / "prompts.json"
    assert bpy.ops.latte3d.export_history(filepath=str(tmp_path / "prompts")) == {"FINISHED"}
    bpy.ops.latte3d.import_history(filepath=str(path))
    assert prompts.entries == before, "all of it was there"
    prompts.remove(before[1].id)
    bpy.ops.latte3d.import_history(filepath=str(path))
    assert [(entry.name, entry.made, entry.how) for entry in prompts.entries] == [
        (entry.name, entry.made, entry.how) for entry in before
    ], "in its place"
    prompts.clear()
    assert bpy.ops.latte3d.import_history(filepath=str(path)) == {"FINISHED"}
    assert [entry.how for entry in prompts.entries] == [entry.how for entry in before]
    bpy.context.scene.latte3d.prompt = ""
    bpy.ops.latte3d.recall(entry=prompts.entries[-1].id)
    assert bpy.context.scene.latte3d.prompt == "ein grüner Käfer"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"entries": []}', '{"latte3d_history": 2, "entries": []}', "[" * 100_000]
)
def test_foreign_files_are_one_sentence(extension: Extension, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(RuntimeError, match="holds no prompt history"):
        bpy.ops.latte3d.import_history(filepath=str(path))
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.latte3d.import_history(filepath=str(tmp_path / "none.json"))


@given(
    entries=st.lists(VALUES | st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "name", "made", "how"), VALUES)))
)
def test_hostile_entries_are_left_out(entries: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("history")
    history = History(folder / "history.jsonl", folder / "pictures")
    data = json.dumps({"latte3d_history": 1, "entries": entries}).encode()
    came, rest = history.take_in(data)
    assert came + rest == len(entries)
    assert len(history.entries) == came


def test_the_list_stays_as_long_as_it_may_be(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", tmp_path / "pictures")
    how = {"prompt": "", "seed": 0, "alpha": 1.0, "faces": 500, "texture_size": 64, "unwrap": "fast"}
    entries = [
        {"id": "a" * 32, "name": "a cup", "made": float(number), "how": {**how, "prompt": f"cup {number}"}}
        for number in range(LIMIT + 50)
    ]
    came, rest = history.take_in(json.dumps({"latte3d_history": 1, "entries": entries}).encode())
    assert (came, rest, len(history.entries)) == (LIMIT, 50, LIMIT)
    assert history.entries[0].how.prompt == f"cup {LIMIT + 49}", "the newest"
    assert len({entry.id for entry in history.entries}) == LIMIT, "each with a picture of its own to come"
