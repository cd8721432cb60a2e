"""The commands of every stage, one after the other, as a studio calls them, from a folder of assets to a refined
object; and their mistakes, each one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from latte3d_core import Latte3D
from latte3d_core.cli import main
from latte3d_core.train.trainer import read_log


@pytest.fixture(scope="module")
def made(asset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders and files of a whole chain of very short runs."""
    folder = tmp_path_factory.mktemp("chain")
    cache = ["--cache", str(folder / "cache"), "--workers", "1", "--device", "cpu"]
    assets, prior = str(asset_folder), folder / "prior" / "prior.safetensors"
    words = folder / "prompts.jsonl"
    assert main(["prompts", assets, "--out", str(words), "--limit", "60"]) == 0
    assert main(["train-prior", assets, "--out", str(folder / "prior"), "--steps", "1", "--batch", "1",
                 "--picture-every", "0", *cache]) == 0  # fmt: skip
    short = ["--steps", "2", "--batch", "1", "--prior", str(prior), *cache]
    volume, surface, style = (folder / name for name in ("volume", "surface", "style"))
    assert main(["pretrain", assets, "--out", str(folder / "stage0"), "--preset", "tiny", "--steps", "3", "--batch",
                 "2", "--sketch-steps", "2", "--picture-every", "0", *cache]) == 0  # fmt: skip
    start = folder / "stage0" / "tiny.safetensors"
    assert main(["train-volume", assets, "--out", str(volume), "--preset", "tiny", "--init", str(start),
                 "--prompts", str(words), *short]) == 0  # fmt: skip
    assert main(["train-surface", assets, "--out", str(surface), "--init", str(volume / "tiny.safetensors"),
                 "--grid-side", "33", "--prompts", str(words), *short]) == 0  # fmt: skip
    assert main(["train-style", assets, "--out", str(style), "--init", str(surface / "tiny.safetensors"),
                 "--grid-side", "33", "--detail", "64", *short]) == 0  # fmt: skip
    return {"assets": asset_folder, "prior": prior, "volume": volume, "surface": surface, "style": style,
            "cache": folder / "cache"}  # fmt: skip


def test_every_stage_leaves_a_log_and_a_model(made: dict[str, Path]) -> None:
    for name in ("volume", "surface", "style"):
        assert len(read_log(made[name] / "log.jsonl")) == 2
        model = Latte3D.from_pretrained(made[name] / "tiny.safetensors", "cpu")
        assert model.checkpoint.info["step"] == 2 and len(model.templates) > 0
        assert model.net.config.texture_detail == (0 if name == "volume" else 64)
    assert (made["style"] / "tiny.ATTRIBUTION.md").exists()


def test_a_result_is_refined(
    made: dict[str, Path], tiny_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "box.glb"
    call = ["generate", "a red box", "-o", str(out), "--model", str(tiny_file), "--device", "cpu", "--texture-size",
            "64", "--faces", "500", "--prior", str(made["prior"])]  # fmt: skip
    assert main([*call, "--refine", "0.5"]) == 0
    assert out.exists() and "refined for" in capsys.readouterr().out
    assert main([*call, "--refine", "-1"]) == 1


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--form", "both"], "clean or noise"),
        (["--prior", "nowhere"], "no model file 'nowhere'"),
        (["--grid-side", "50"], "33, 65 or 129"),
        (["--rasteriser", "magic"], "auto, embree or nvdiffrast"),
        (["--prior", "FOLDER"], "--controlnet DIR"),
        (["--controlnet", "FOLDER"], "--prior DIR"),
        (["--init", "nothing"], "no model file"),
        (["--batch", "0"], "at least 1"),
        (["--prompts", "nothing.jsonl"], "nothing.jsonl"),
    ],
)
def test_mistakes_are_one_sentence(
    made: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], sentence: str
) -> None:
    extra = [str(tmp_path) if e == "FOLDER" else e for e in extra]
    call = ["train-surface", str(made["assets"]), "--out", str(tmp_path / "run"), "--steps", "1", "--batch", "1",
            "--prior", str(made["prior"]), "--init", str(made["volume"] / "tiny.safetensors"),
            "--cache", str(made["cache"]), "--workers", "1", "--device", "cpu"]  # fmt: skip
    assert main([*call, *extra]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("latte3d: ") and sentence in error


def test_a_study_needs_a_name_and_categories(
    made: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = [str(made["assets"]), "--cache", str(made["cache"]), "--out", str(tmp_path), "--prior", str(made["prior"])]
    assert main(["study", "everything", *call]) == 1
    assert "stages, alpha, amortisation, combinations" in capsys.readouterr().err
    assert main(["study", "stages", *call]) == 1
    assert "No category has 10 training assets" in capsys.readouterr().err
