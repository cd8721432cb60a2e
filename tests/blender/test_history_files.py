"""The prompt history goes into a file and comes back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import drawn  # noqa: E402 - after the check for bpy

from latte3d_blender.history import LIMIT, MAX_ENTRIES, History, TakenIn  # noqa: E402
from latte3d_blender.provenance import Provenance  # noqa: E402

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


ENTRY = {"id": "a", "name": "a cup", "made": 3.0, "how": {"prompt": "a cup"}}


def packed(entries: list[Any]) -> bytes:
    return json.dumps({"latte3d_history": 1, "entries": entries}).encode()


@pytest.fixture
def kept(tmp_path: Path) -> History:
    """A history with one prompt, in the year 1970."""
    history = History(tmp_path / "history.jsonl", tmp_path / "pictures", clock=lambda: 5.0)
    history.add("ball", Provenance("a ball"))
    return history


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
    "text",
    ["", "{", "[]", '{"entries": []}', '{"latte3d_history": 2, "entries": []}', "[" * 100_000, " " * 20_000_001,
     '{"latte3d_history": 1, "entries": [' + "0, " * MAX_ENTRIES + "0]}"],
    ids=range(8),
)  # fmt: skip
def test_foreign_files_are_one_sentence(extension: Extension, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(RuntimeError, match="holds no prompt history"):
        bpy.ops.latte3d.import_history(filepath=str(path))
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.latte3d.import_history(filepath=str(tmp_path / "none.json"))


@given(entries=st.lists(VALUES | st.fixed_dictionaries({}, optional=dict.fromkeys(ENTRY, VALUES))))
def test_hostile_entries_are_left_out(entries: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("history")
    history = History(folder / "history.jsonl", folder / "pictures")
    assert history.take_in(packed(entries)) == TakenIn(0, 0, len(entries))
    assert history.entries == ()


#: What hides best: entries of which all is right but one thing.
NEARLY = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "0f"]) | VALUES,
        "name": st.just("a cup") | VALUES,
        "made": st.floats() | st.integers() | st.sampled_from([10**400, -(10**400), "nan"]) | VALUES,
        "how": st.fixed_dictionaries(
            {"prompt": st.sampled_from(["a", "b", "\ud83d"]) | st.text(max_size=3)},
            optional={
                **dict.fromkeys((name for name in Provenance.__dataclass_fields__ if name != "prompt"), VALUES),
                "original": st.just("Cube"),
                "refined": st.just('{"budget": 5}') | VALUES,
                "start": st.just('{"prompt": "a"}'),
                "end": st.just('{"prompt": "b"}'),
            },
        ),
    }
)


@given(entries=st.lists(NEARLY, max_size=5))
def test_nearly_right_entries_leave_a_history_that_can_be_read(
    entries: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("history")
    history = History(folder / "history.jsonl", folder / "pictures", clock=lambda: 5.0)
    taken = history.take_in(packed(entries))
    assert taken.came + taken.known + taken.left_out == len(entries)
    assert len(history.entries) == taken.came == len({entry.how for entry in history.entries})
    assert all(math.isfinite(entry.made) and entry.how.plain for entry in history.entries)
    assert [entry.made for entry in history.entries] == sorted((entry.made for entry in history.entries), reverse=True)
    again = History(history.file, history.pictures)
    assert (again.entries, again.notice) == (history.entries, "")
    assert again.take_in(history.exported()) == TakenIn(0, taken.came, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"made": 10**400},
        {"made": math.nan},
        {"made": math.inf},
        {"id": "../a"},
        {"name": None},
        {"name": "\ud83d"},
        {"how": {"prompt": "\ud83d"}},
        {"how": {"prompt": "a cup", "refined": '{"budget": 5}'}},
        {"how": {"prompt": "a cup", "original": "Cube", "reshape": 1}},
    ],
    ids=str,
)
def test_one_wrong_thing_keeps_an_entry_out(kept: History, wrong: dict[str, Any]) -> None:
    assert kept.take_in(packed([{**ENTRY, **wrong}])) == TakenIn(0, 0, 1)
    assert kept.take_in(packed([ENTRY])) == TakenIn(1, 0, 0)


def test_a_date_to_come_is_now(kept: History) -> None:
    kept.take_in(packed([{**ENTRY, "made": 1e300}]))
    assert [entry.made for entry in kept.entries] == [5.0, 5.0]


def test_what_is_there_already_is_counted(extension: Extension, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    prompts = extension.history_ui.prompts()
    prompts.clear()
    path = tmp_path / "prompts.json"

    def imported(entries: list[Any]) -> str:
        path.write_bytes(packed(entries))
        bpy.ops.latte3d.import_history(filepath=str(path))
        return capfd.readouterr().out

    assert "Info: 1 prompt came in; there already: 1\n" in imported([ENTRY, {**ENTRY, "name": "the same"}])
    other = {**ENTRY, "how": {"prompt": "a hat"}}
    assert "1 prompt came in; there already: 1; too old or not readable: 2" in imported([ENTRY, None, other, {}])
    drawn(extension.history_ui.LATTE3D_PT_history)


def test_the_name_of_the_file_keeps_its_dots_and_no_other_file_is_touched(extension: Extension, tmp_path: Path) -> None:
    extension.run("a cup")
    (tmp_path / "mine.json").write_text("precious")
    bpy.ops.latte3d.export_history(filepath=str(tmp_path / "mine.v2"))
    assert (tmp_path / "mine.json").read_text() == "precious"
    assert (tmp_path / "mine.v2.json").is_file()
    with pytest.raises(RuntimeError, match="No file was given"):
        bpy.ops.latte3d.export_history(filepath=str(tmp_path))


def test_the_file_browser_asks_about_the_file_that_is_replaced(extension: Extension) -> None:
    """As the file browser calls it: with the operator, and the name that was typed."""

    class Operator:
        filepath = "/there/mine"

    check, operator = extension.history_files.LATTE3D_OT_export_history.check, Operator()
    assert check(operator, bpy.context) and operator.filepath == "/there/mine.json"
    assert not check(operator, bpy.context)


def test_the_list_stays_as_long_as_it_may_be(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", tmp_path / "pictures")
    how = {"prompt": "", "seed": 0, "alpha": 1.0, "faces": 500, "texture_size": 64, "unwrap": "fast"}
    entries = [
        {"id": "a" * 32, "name": "a cup", "made": float(number), "how": {**how, "prompt": f"cup {number}"}}
        for number in range(LIMIT + 50)
    ]
    assert history.take_in(packed(entries)) == TakenIn(LIMIT, 0, 50)
    assert len(history.entries) == LIMIT
    assert history.entries[0].how.prompt == f"cup {LIMIT + 49}", "the newest"
    assert len({entry.id for entry in history.entries}) == LIMIT, "each with a picture of its own to come"
