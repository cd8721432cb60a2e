"""Agreement of pictures with words, and CLIP from a folder, by a model of random weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer, CLIPVisionModel

from latte3d_core.cli import main
from latte3d_core.data import manifest
from latte3d_core.data.prepare import Prepared
from latte3d_core.errors import CheckpointError
from latte3d_core.eval import report
from latte3d_core.eval.agreement import agreement
from latte3d_core.eval.clip import Clip
from latte3d_core.eval.scorer import Scorer, ScorerNet
from latte3d_core.eval.views import load_pictures, on_ground, score_views

PROMPTS = ["a red box", "a ball", "a very tall pole with a great many words behind it"]


def _pictures(count: int, seed: int = 0, size: int = 32) -> np.ndarray:
    """Coloured blocks (count, size, size, 4)."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 255, (count, 4, 4, 4), dtype=np.uint8)
    blocks[..., 3] = np.where(blocks[..., 3] > 90, 255, 0)
    return blocks.repeat(size // 4, 1).repeat(size // 4, 2)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """As the command line has it from the start: no progress bars, no table of what a file lacks."""
    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    yield
    transformers.logging.enable_progress_bar()
    transformers.logging.set_verbosity(verbosity)


@pytest.fixture(scope="module")
def clip(clip_folder: Path) -> Clip:
    return Clip(clip_folder)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_agreement_is_what_its_words_say(count: int, views: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures, prompts = rng.standard_normal((count, views, width)), rng.standard_normal((count + 1, width))
    own = rng.integers(0, count + 1, count)
    cosines, right = [], []
    for i in range(count):
        for v in range(views):
            found = [float(pictures[i, v] @ prompt) for prompt in prompts]
            cosines.append(found[own[i]])
            right.append(max(found) == found[own[i]])
    scores = agreement(pictures, prompts, own)
    assert scores["cosine"] == pytest.approx(np.mean(cosines)) and scores["recall@1"] == pytest.approx(np.mean(right))


def test_agreement_of_pictures_that_are_their_prompts() -> None:
    prompts = np.eye(3)
    pictures = prompts[[0, 1, 1]][:, None]  # the last two objects share a prompt
    assert agreement(pictures, prompts, np.array([0, 1, 1])) == {"cosine": 1.0, "recall@1": 1.0}
    assert agreement(pictures, prompts, np.array([1, 2, 0])) == {"cosine": 0.0, "recall@1": 0.0}


def test_clip_gives_the_library_s_own_answers(clip: Clip, clip_folder: Path) -> None:
    assert clip.name == "tiny-clip" and clip.size == 32
    pictures = _pictures(40)
    model = CLIPModel.from_pretrained(str(clip_folder), local_files_only=True).eval()
    words = CLIPTokenizer.from_pretrained(str(clip_folder))(
        PROMPTS, padding=True, truncation=True, max_length=24, return_tensors="pt"
    )
    images = [Image.fromarray(one) for one in on_ground(pictures)]
    pixels = CLIPImageProcessorPil.from_pretrained(str(clip_folder))(images, return_tensors="pt")
    with torch.no_grad():
        whole = model(**words, **pixels)
        expected = (whole.logits_per_image / model.logit_scale.exp()).numpy()
        tower = CLIPVisionModel.from_pretrained(str(clip_folder), local_files_only=True).eval()(**pixels)
    embedded, prompts = clip.embed_pictures(pictures), clip.embed_prompts(PROMPTS)
    np.testing.assert_allclose(embedded @ prompts.T, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, atol=1e-5)
    features = clip(pictures)
    np.testing.assert_allclose(features, tower.pooler_output.numpy(), atol=1e-4)
    assert features.shape == (40, 16) and np.ptp(features, axis=0).min() > 0


def test_clip_sees_pictures_of_any_size_over_the_ground(clip: Clip) -> None:
    views = _pictures(3)
    np.testing.assert_allclose(clip(views), clip(on_ground(views)), atol=1e-6)
    assert clip(_pictures(3, size=48)).shape == (3, 16)
    scores = score_views(_pictures(12, 0), _pictures(12, 1), clip, paired=True)
    assert scores.network == "tiny-clip" and scores.render_fid > 0 and 0 < scores.mask_iou < 1


def _without(name: str) -> object:
    return lambda folder: (folder / name).unlink()


def _other_kind(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "bert"}))


def _vision_alone(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("text_")}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (shutil.rmtree, "holds no CLIP model"),
        (_without("config.json"), "holds no CLIP model"),
        (_other_kind, "holds no CLIP model"),
        (_without("tokenizer.json"), "holds no CLIP model"),
        (_without("model.safetensors"), "cannot be read"),
        (_without("preprocessor_config.json"), "cannot be read"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"nothing"), "cannot be read"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be read"),
        (_vision_alone, "lacks"),
    ],
)
def test_a_wrong_folder_gets_one_sentence(
    spoil, sentence: str, clip_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(clip_folder, tmp_path / "copy")
    spoil(folder)
    with pytest.raises(CheckpointError, match=sentence):
        Clip(folder)
    out = tmp_path / "report"
    for option in ("--clip", "--features"):
        arguments = ["eval", "no-folder", "--cache", str(out), "--out", str(out), option, str(folder)]
        assert main([*arguments, "--device", "cpu"]) == 1
        err = capsys.readouterr().err
        assert sentence in err and err.count("\n") == 1
    assert not out.exists()


def test_captions_are_judged_by_the_networks_given(
    prepared: list[Prepared], tiny_model, clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "ALPHAS", (0.0, 1.0))
    references = on_ground(_pictures(5))
    bench = report.Evaluation(
        tiny_model, prepared[:4], prepared[4:], tmp_path, features=clip, matcher=clip, references=references
    )
    monkeypatch.setattr(bench, "draw_prompt", lambda sheet, prompt, label: bench.draw(sheet, label, np.zeros(1)))
    result = report.text(bench, Scorer(ScorerNet(1).eval(), ("prop",)), {"category_top1": 1.0})
    views = 4 * len(bench.held_out)
    for way in ("default", "alpha_0", "training_assets"):
        scores = result["renders"][way]
        assert scores["network"] == "tiny-clip" and scores["pictures"] == views and scores["render_fid"] > 0
        assert scores["references"]["pictures"] == 5 and scores["references"]["fid"] > 0
    assert 0 <= result["renders"]["default"]["mask_iou"] <= 1
    assert result["renders"]["training_assets"]["mask_iou"] is None
    agrees = result["agreement"]
    assert agrees["measured"] and agrees["model"] == "tiny-clip" and agrees["prompts"] == len(bench.held_out)
    assert set(agrees["by_alpha"]) == {"0.0", "1.0"}
    for way in ("default", "alpha_0", "assets"):
        assert -1 <= agrees[way]["cosine"] <= 1 and 0 <= agrees[way]["recall@1"] <= 1
    made = bench.pictures["heldout"][1][1]
    assert "mask IoU" in made and "cosine" in made


def test_an_object_without_a_surface_counts_as_nothing(
    prepared: list[Prepared], tiny_model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "ALPHAS", (0.0, 1.0))
    bench = report.Evaluation(tiny_model, prepared[:4], prepared[4:], tmp_path)
    monkeypatch.setattr(bench, "mesh_of", lambda fields: None)
    monkeypatch.setattr(bench, "draw_prompt", lambda *args, **more: None)
    result = report.text(bench, Scorer(ScorerNet(1).eval(), ("prop",)), {"category_top1": 1.0})
    assert result["default"]["top1"] == 0.0 and result["renders"]["default"]["mask_iou"] == 0.0
    assert result["renders"]["default"]["pictures"] == 4 * len(bench.held_out)
    assert result["renders"]["default"]["mask_fid"] > result["renders"]["training_assets"]["mask_fid"]
    assert result["agreement"] == {"measured": False}


def test_the_command_line_hands_the_networks_over(
    asset_folder: Path, tiny_file: Path, clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    benches: list[report.Evaluation] = []
    monkeypatch.setattr(report, "evaluate", benches.append)
    monkeypatch.setattr(report, "write_report", lambda result, bench, out: "done")
    monkeypatch.setattr(manifest, "HOLD_OUT_MODULUS", 2)
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    for index, picture in enumerate(on_ground(_pictures(3))):
        Image.fromarray(picture).save(drawn / f"{index}.png")
    call = ["eval", asset_folder, "--cache", tmp_path / "cache", "--out", tmp_path / "out", "--model", tiny_file,
            "--device", "cpu", "--references", drawn]  # fmt: skip
    assert main(list(map(str, call))) == 1
    assert "--references goes with --features DIR" in capsys.readouterr().err
    assert main(list(map(str, [*call, "--features", clip_folder]))) == 0
    (bench,) = benches
    assert isinstance(bench.features, Clip) and bench.matcher is None
    np.testing.assert_array_equal(bench.references, load_pictures(drawn, 32))
    assert main(list(map(str, [*call[:-2], "--clip", clip_folder]))) == 0
    assert isinstance(benches[1].matcher, Clip) and benches[1].features is None and benches[1].references is None
