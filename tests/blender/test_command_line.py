"""`blender --command latte3d`: steps in JSON, files and a report out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")


def report_of(extension: Extension, tmp_path: Path, plan: Any, status: int = 0) -> dict[str, Any]:
    steps, report = tmp_path / "steps.json", tmp_path / "report.json"
    steps.write_text(json.dumps(plan), encoding="utf-8")
    assert extension.command_line.main(["run", str(steps), "--report", str(report)]) == status
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert found["ok"] is (status == 0)
    return found


def test_a_prompt_becomes_files_and_a_report(
    extension: Extension, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["generate", "ein grüner Käfer", "--seed", "7", "--texture-size", "64"]
    assert extension.command_line.main([*arguments, "--save", "beetle.blend", "--export", "beetle.glb"]) == 0
    said = capsys.readouterr().out
    report = json.loads(said[said.index("{\n") : said.rindex("}") + 1])
    assert report["steps"][0]["objects"] == ["ein grüner Käfer"]
    assert report["steps"][0]["seconds"]
    assert [Path(path).name for path in report["files"]] == ["beetle.blend", "beetle.glb"]
    assert all(Path(path).stat().st_size for path in report["files"])
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "beetle.blend"))
    assert [obj.get("latte3d_seed") for obj in bpy.data.objects] == [7]


def test_steps_are_done_in_order_on_an_opened_file(extension: Extension, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = "Kiste"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "in.blend"))
    (tmp_path / "wanted.txt").write_text("a ball\na cup\n", encoding="utf-8")
    plan = {
        "open": "in.blend",
        "steps": [
            {"do": "populate", "source": "FILE", "filepath": "wanted.txt", "placement": "GRID"},
            {"do": "select", "objects": "made"},
            {"do": "select", "objects": ["Kiste"]},
            {"do": "vary", "object": "a ball", "seed": 5},
        ],
        "save": "out.blend",
    }
    report = report_of(extension, tmp_path, plan)
    assert [step["ok"] for step in report["steps"]] == [True] * 4
    assert report["steps"][0]["objects"] == report["steps"][1]["objects"] == ["a ball", "a cup"]
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    assert "Kiste" in bpy.data.objects
    assert sum("latte3d_prompt" in obj for obj in bpy.data.objects) == 3


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"do": "generate", "prompt": "FAIL"}, "use other words"),
        ({"do": "generate", "prompt": " "}, "empty"),
        ({"do": "generate", "colour": "red"}, "colour"),
        ({"do": "juggle"}, "no such step"),
        ({"do": "__class__"}, "no such step"),
        ({"do": "select", "objects": ["nobody"]}, "no object “nobody”"),
        ({"do": "stylize", "prompt": "rusty"}, "Select one or more"),
    ],
)
def test_the_first_failure_ends_the_run(
    extension: Extension, tmp_path: Path, capsys: pytest.CaptureFixture[str], step: dict[str, Any], sentence: str
) -> None:
    plan = {"steps": [{"do": "select", "objects": []}, step, {"do": "generate", "prompt": "a ball"}], "save": "x.blend"}
    report = report_of(extension, tmp_path, plan, status=1)
    assert [one["ok"] for one in report["steps"]] == [True, False]
    assert sentence in report["steps"][1]["message"]
    assert sentence in capsys.readouterr().err
    assert report["files"] == []
    assert not (tmp_path / "x.blend").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "has no list of steps"),
        ('{"steps": ["generate"]}', "has no list of steps"),
        ('{"steps": [], "sav": "x.blend"}', "'sav'"),
        ('{"steps": [], "export": "x.exe"}', "“.exe” cannot be written"),
        ('{"steps": [], "open": "none.blend"}', "none.blend cannot be opened"),
        ('{"steps": [], "save": "none/at/all.blend"}', "cannot be written"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(
    extension: Extension, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    (tmp_path / "steps.json").write_text(text, encoding="utf-8")
    assert extension.command_line.main(["run", str(tmp_path / "steps.json")]) == 1
    assert sentence in capsys.readouterr().err


def test_wrong_arguments_do_not_end_blender(extension: Extension, capsys: pytest.CaptureFixture[str]) -> None:
    assert extension.command_line.main([]) == 2
    assert extension.command_line.main(["--help"]) == 0
    assert "steps" in capsys.readouterr().out
    assert extension.command_line.main(["run", "/nowhere.json"]) == 1


def test_every_kind_of_file_can_be_exported(extension: Extension, tmp_path: Path) -> None:
    for ending in extension.command_line.EXPORTERS:
        plan = {"steps": [{"do": "generate", "prompt": "a ball", "texture_size": 64}], "export": f"ball{ending}"}
        report_of(extension, tmp_path, plan)
        assert (tmp_path / f"ball{ending}").stat().st_size


def test_the_manual_names_every_operator(extension: Extension) -> None:
    text = (ROOT / "docs" / "manual" / "scripts.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_0-9]+)(?:\([a-z_, ]*\))?`", text))
    assert set(dir(bpy.ops.latte3d)) - named == set()
