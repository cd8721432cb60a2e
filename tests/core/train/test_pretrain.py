"""Stage 0: it learns, and a resumed run is the uninterrupted run."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import SampleSettings, SampleSource
from latte3d_core.errors import CheckpointError, Latte3DError, OutputError
from latte3d_core.files import write_atomically
from latte3d_core.model.sketch import sketch_targets
from latte3d_core.presets import tiny
from latte3d_core.train import pretrain
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
from latte3d_core.train.schedule import learning_rate
from latte3d_core.train.sketch import SketchSettings
from latte3d_core.train.trainer import MAX_BAD_STEPS

SETTINGS = PretrainSettings(
    sketch=SketchSettings(steps=6, batch=16, warmup=2),
    steps=8,
    batch=3,
    warmup=2,
    save_every=100,
    samples=SampleSettings(near=64, band=32, uniform=32),
)


def _lines(run: Pretrainer) -> list[dict]:
    """The log without its timings."""
    records = [json.loads(line) for line in run.log_file.read_text().splitlines()]
    return [{k: v for k, v in r.items() if k != "samples_per_s"} for r in records]


def test_a_resumed_run_gives_the_same_numbers(prepared: list[Prepared], tmp_path: Path) -> None:
    whole = Pretrainer(prepared, tmp_path / "whole", tiny(), SETTINGS)
    list(whole.run())
    first = Pretrainer(prepared, tmp_path / "parts", tiny(), SETTINGS)
    list(first.run(until=5))
    first.train_step()  # lost work: done after the last save
    second = Pretrainer(prepared, tmp_path / "parts", tiny(), SETTINGS)
    assert second.step == 5
    list(second.run())
    assert _lines(whole) == _lines(second)
    for key, value in whole.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[key]), key
        assert torch.equal(whole.ema[key], second.ema[key]), key


def test_it_learns(tiny_run: Pretrainer) -> None:
    records = [json.loads(line) for line in tiny_run.log_file.read_text().splitlines()]
    losses = [r["loss"] for r in records]
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_other_settings_are_not_mixed(prepared: list[Prepared], tmp_path: Path) -> None:
    list(Pretrainer(prepared, tmp_path, tiny(), SETTINGS).run(until=1))
    with pytest.raises(CheckpointError, match="other settings"):
        Pretrainer(prepared, tmp_path, tiny(), dataclasses.replace(SETTINGS, learning_rate=1.0))
    longer = Pretrainer(prepared, tmp_path, tiny(), dataclasses.replace(SETTINGS, steps=20))
    assert longer.step == 1


def test_a_half_written_log_line_is_dropped(prepared: list[Prepared], tmp_path: Path) -> None:
    run = Pretrainer(prepared, tmp_path, tiny(), SETTINGS)
    list(run.run(until=2))
    with run.log_file.open("a") as stream:
        stream.write('{"step": 3.0, "lo')  # the machine stopped here
    again = Pretrainer(prepared, tmp_path, tiny(), SETTINGS)
    assert [r["step"] for r in _lines(again)] == [1, 2]


def test_a_log_that_cannot_be_written_is_one_sentence(prepared: list[Prepared], tmp_path: Path) -> None:
    run = Pretrainer(prepared, tmp_path, tiny(), SETTINGS)
    run.log_file.mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be written"):
        next(iter(run.run()))


def test_the_sketch_s_sentences_stay_with_their_solids(prepared: list[Prepared], tmp_path: Path) -> None:
    run = Pretrainer(prepared, tmp_path, tiny(), SETTINGS)
    sentences, solids = run.sketches.batch(0, 64)
    known = {caption: p for p in prepared for caption in p.asset.captions}
    table = run.encoder.encode(list(known))[2]
    checked = 0
    for sentence, solid in zip(sentences, solids, strict=True):
        likeness = table @ sentence
        if likeness.max() > 0.999:  # a caption of the library, not a paraphrase
            item = known[list(known)[int(likeness.argmax())]]
            expected = sketch_targets(torch.from_numpy(item.load().occupied()), tiny().sketch.side)
            torch.testing.assert_close(solid, expected, atol=1 / 255, rtol=0)
            checked += 1
    assert checked > 20
    again, _ = run.sketches.batch(0, 64)
    assert torch.equal(run.sketches.batch(0, 64, slice(16, 48))[0], sentences[16:48])
    assert torch.equal(again, sentences) and not torch.equal(run.sketches.batch(1, 64)[0], sentences)


def test_the_sketch_learns_its_solids(tiny_run: Pretrainer) -> None:
    losses = [json.loads(line)["loss"] for line in (tiny_run.folder / "sketch.jsonl").read_text().splitlines()]
    assert np.mean(losses[-20:]) < 0.4 * np.mean(losses[:20])
    for name, value in tiny_run.net.sketch.state_dict().items():  # trained before the rest, and left alone by it
        assert torch.equal(value, tiny_run.ema[f"sketch.{name}"])
        assert torch.equal(value, tiny_run.sketch_trainer.net.state_dict()[name])
    ball = next(p for p in tiny_run.prepared if p.asset.id == "ball")
    solid = sketch_targets(torch.from_numpy(ball.load().occupied()), tiny().sketch.side) >= 0.5
    with torch.no_grad():
        drawn = tiny_run.net.sketch(tiny_run.encoder.encode([ball.asset.captions[0]])[2])[0, 0] > 0
    assert (drawn & solid).sum() / (drawn | solid).sum() > 0.8


def test_a_resumed_sketch_is_the_uninterrupted_one(prepared: list[Prepared], tmp_path: Path) -> None:
    whole, parts = (Pretrainer(prepared, tmp_path / name, tiny(), SETTINGS).sketch_trainer for name in ("a", "b"))
    losses = [r["loss"] for r in whole.run()]
    again = [r["loss"] for r in parts.run(until=4)]
    parts.train_step()  # lost work: done after the last save
    resumed = Pretrainer(prepared, tmp_path / "b", tiny(), SETTINGS).sketch_trainer
    assert resumed.step == 4
    again += [r["loss"] for r in resumed.run()]
    assert losses == again
    for name, value in whole.net.state_dict().items():
        assert torch.equal(value, resumed.net.state_dict()[name]), name


def test_a_run_may_start_from_a_model_file(
    prepared: list[Prepared], tiny_run: Pretrainer, tiny_file: Path, tmp_path: Path
) -> None:
    first = dataclasses.replace(SETTINGS, sketch=dataclasses.replace(SETTINGS.sketch, steps=0))
    cold = next(iter(Pretrainer(prepared, tmp_path / "cold", tiny(), first).run()))
    run = Pretrainer(prepared, tmp_path / "warm", tiny(), first, init=tiny_file)
    assert all(torch.equal(v, tiny_run.ema[k].half().float()) for k, v in run.net.state_dict().items())
    assert next(iter(run.run()))["loss"] < 0.7 * cold["loss"]
    # What has another shape keeps its own start, and the file's other settings do not matter.
    wider = dataclasses.replace(tiny(), sketch=dataclasses.replace(tiny().sketch, basis=24))
    other = Pretrainer(prepared, tmp_path / "wider", wider, first, init=tiny_file).net.state_dict()
    assert torch.equal(other["sdf_head.last.weight"], tiny_run.ema["sdf_head.last.weight"].half().float())
    list(run.run(until=2))
    with pytest.raises(CheckpointError, match="other settings"):
        Pretrainer(prepared, tmp_path / "warm", tiny(), first)
    # A run with other settings may also start from this one's state.
    slower = dataclasses.replace(first, learning_rate=1e-4)
    again = Pretrainer(prepared, tmp_path / "again", tiny(), slower, init=run.state_file)
    assert again.step == 0 and all(torch.equal(v, run.net.state_dict()[k]) for k, v in again.net.state_dict().items())
    for content in (b"junk", b""):
        (tmp_path / "junk").write_bytes(content)
        with pytest.raises(CheckpointError, match="cannot be read"):
            Pretrainer(prepared, tmp_path / "none", tiny(), first, init=tmp_path / "junk")
    save_file({"net.something": torch.zeros(3)}, tmp_path / "foreign")
    with pytest.raises(CheckpointError, match="Nothing in"):
        Pretrainer(prepared, tmp_path / "none", tiny(), first, init=tmp_path / "foreign")


def test_a_damaged_state_is_named(prepared: list[Prepared], tmp_path: Path) -> None:
    (tmp_path / "state.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{broken")
    with pytest.raises(CheckpointError, match="delete it to start anew"):
        Pretrainer(prepared, tmp_path, tiny(), SETTINGS)


def test_a_loss_that_is_not_finite_leaves_the_weights_alone_and_ends_the_run(
    prepared: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Pretrainer(prepared, tmp_path, tiny(), dataclasses.replace(SETTINGS, steps=100))
    list(run.sketch_trainer.run())
    before = {k: v.clone() for k, v in run.net.state_dict().items()}
    true_losses = pretrain.field_losses

    def poisoned(*args, **kwargs):
        losses = true_losses(*args, **kwargs)
        return {**losses, "loss": losses["loss"] * float("nan")}

    monkeypatch.setattr(pretrain, "field_losses", poisoned)
    with pytest.raises(Latte3DError, match="without a finite loss"):
        list(run.run())
    assert all(torch.equal(v, before[k]) for k, v in run.net.state_dict().items())
    assert run.step == MAX_BAD_STEPS


def test_the_schedule_warms_up_and_ends_at_a_hundredth() -> None:
    s = dataclasses.replace(SETTINGS, steps=100, warmup=10, learning_rate=1.0)
    rates = [learning_rate(n, s.steps, s.learning_rate, s.warmup) for n in range(101)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == pytest.approx(1.0) and rates[100] == pytest.approx(0.01)
    assert all(a >= b for a, b in pairwise(rates[9:]))


@pytest.fixture
def source(prepared: list[Prepared]) -> SampleSource:
    neighbours = np.array([[(i + 1) % len(prepared)] for i in range(len(prepared))])
    return SampleSource(prepared, neighbours, 256, SampleSettings(near=64, band=32, uniform=32), seed=3)


def test_samples_depend_on_their_position_alone(source: SampleSource, prepared: list[Prepared]) -> None:
    forwards = [source.draw(n, 0.5) for n in range(20)]
    backwards = [source.draw(n, 0.5) for n in reversed(range(20))][::-1]
    for a, b in zip(forwards, backwards, strict=True):
        assert a.caption == b.caption and a.alpha == b.alpha
        np.testing.assert_array_equal(a.points, b.points)
        np.testing.assert_array_equal(a.sdf, b.sdf)


def test_every_epoch_shows_every_asset_once(source: SampleSource) -> None:
    for epoch in range(3):
        shown = [source.asset_at(epoch * len(source) + n) for n in range(len(source))]
        assert sorted(shown) == list(range(len(source)))


def test_samples_keep_their_promises(source: SampleSource) -> None:
    dummies = 0
    for position in range(200):
        sample = source.draw(position, 1.0)
        assert np.abs(sample.points).max() <= 1 and sample.points.dtype == np.float32
        assert sample.query_colors.min() >= 0 and sample.query_colors.max() <= 1
        assert np.isfinite(sample.sdf).all() and len(sample.queries) == len(sample.sdf) == 128
        if sample.alpha == 0:
            dummies += 1
            assert sample.has_color == 0
            np.testing.assert_allclose(np.linalg.norm(sample.points, axis=1), 0.5, atol=1e-5)
    assert 50 < dummies < 90  # about a third of the samples at the end of the annealing


def test_points_and_field_turn_together(source: SampleSource) -> None:
    """At alpha 1 the points lie on the surface of the field they come with, turned or not."""
    for position in range(60):
        sample = source.draw(position, 0.0)
        if sample.alpha == 1.0:
            near = sample.queries[np.abs(sample.sdf) < 0.02]
            distance = np.linalg.norm(near[:, None] - sample.points[None], axis=-1).min(1)
            assert np.median(distance) < 0.12


@pytest.mark.parametrize("end", ["replace", "write"])
def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    path = tmp_path / "state"
    write_atomically(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace" if end == "replace" else "os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["state"]
