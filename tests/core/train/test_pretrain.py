"""Stage 0: it learns, and a resumed run is the uninterrupted run."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import SampleSettings, SampleSource
from latte3d_core.errors import CheckpointError, Latte3DError, OutputError
from latte3d_core.files import write_atomically
from latte3d_core.model.sketch import sketch_targets
from latte3d_core.presets import tiny
from latte3d_core.train import pretrain
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings, learning_rate

SETTINGS = PretrainSettings(
    steps=8, batch=3, warmup=2, save_every=100, samples=SampleSettings(near=64, band=32, uniform=32)
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
    sentences, solids = run.sketches.batch(0, 64, "cpu")
    known = {caption: p for p in prepared for caption in p.asset.captions}
    table = run.encoder.encode(list(known))[2]
    checked = 0
    for sentence, solid in zip(sentences, solids, strict=True):
        likeness = table @ sentence
        if likeness.max() > 0.999:  # a caption of the library, not a paraphrase
            item = known[list(known)[int(likeness.argmax())]]
            expected = sketch_targets(torch.from_numpy(item.load().occupied()), tiny().sketch.side).reshape(-1)
            torch.testing.assert_close(solid, expected, atol=1 / 255, rtol=0)
            checked += 1
    assert checked > 20
    again, _ = run.sketches.batch(0, 64, "cpu")
    assert torch.equal(again, sentences) and not torch.equal(run.sketches.batch(1, 64, "cpu")[0], sentences)


def test_the_sketch_learns_its_solids(tiny_run: Pretrainer) -> None:
    losses = [r["sketch"] for r in _lines(tiny_run)]
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])


def test_a_damaged_state_is_named(prepared: list[Prepared], tmp_path: Path) -> None:
    (tmp_path / "state.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{broken")
    with pytest.raises(CheckpointError, match="delete it to start anew"):
        Pretrainer(prepared, tmp_path, tiny(), SETTINGS)


def test_a_loss_that_is_not_finite_leaves_the_weights_alone_and_ends_the_run(
    prepared: list[Prepared], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Pretrainer(prepared, tmp_path, tiny(), dataclasses.replace(SETTINGS, steps=100))
    before = {k: v.clone() for k, v in run.net.state_dict().items()}
    true_losses = pretrain.field_losses

    def poisoned(*args, **kwargs):
        losses = true_losses(*args, **kwargs)
        return {**losses, "loss": losses["loss"] * float("nan")}

    monkeypatch.setattr(pretrain, "field_losses", poisoned)
    with pytest.raises(Latte3DError, match="without a finite loss"):
        list(run.run())
    assert all(torch.equal(v, before[k]) for k, v in run.net.state_dict().items())
    assert run.step == pretrain.MAX_BAD_STEPS


def test_the_schedule_warms_up_and_ends_at_a_hundredth() -> None:
    s = dataclasses.replace(SETTINGS, steps=100, warmup=10, learning_rate=1.0)
    rates = [learning_rate(n, s) for n in range(101)]
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
    assert 30 < dummies < 70  # about a quarter of the samples at the end of the annealing


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
