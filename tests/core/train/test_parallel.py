"""Many processes, micro-steps and one process learn the same; what one of them meets, all of them heed.

The two processes are real ones, joined by gloo on the CPU. They go through all their runs in one life, because starting
them takes longer than the runs; the tests look at what they left. Exchange by NCCL needs two GPUs and is not tested.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import SampleSettings
from latte3d_core.data.views import PreparedViews, ViewSettings, prepare_views
from latte3d_core.errors import CheckpointError, SettingError
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.presets import tiny
from latte3d_core.prior.model import PriorConfig, PriorNet
from latte3d_core.prior.train import PriorSettings, PriorTrainer
from latte3d_core.prior.views import PreparedSets, SetSettings, prepare_view_sets
from latte3d_core.train import image_loss
from latte3d_core.train.guidance import DistillationSettings, PriorGuidance
from latte3d_core.train.parallel import World, join_world
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
from latte3d_core.train.sketch import SketchSettings
from latte3d_core.train.stage1 import Stage1Settings, Stage1Trainer
from latte3d_core.train.trainer import Trainer, read_log

PRIOR = PriorConfig(size=8, channels=(8, 16), heads=2, condition=16)
#: Weights after a few steps. A step of AdamW is as long for a gradient that is nearly zero, and so mostly rounding, as
#: for any other: the tolerance is a hundredth of a step.
LOOSE = {"atol": 1e-5, "rtol": 1e-4}


@dataclasses.dataclass(frozen=True)
class Library:
    """What the runs learn from."""

    prepared: list[Prepared]
    views: list[PreparedViews]
    sets: list[PreparedSets]


def stage0(library: Library, folder: Path, **changes: object) -> Pretrainer:
    settings = PretrainSettings(
        sketch=SketchSettings(steps=4, batch=8, warmup=2), steps=4, batch=4, warmup=2, save_every=100, image_weight=0.5,
        samples=SampleSettings(near=64, band=32, uniform=32),
    )  # fmt: skip
    image_loss.RAYS, image_loss.STEPS = 32, 12  # in processes of their own, where no fixture reaches
    return Pretrainer(library.prepared, folder, tiny(), dataclasses.replace(settings, **changes), views=library.views)


def stage1(library: Library, folder: Path, **changes: object) -> Stage1Trainer:
    settings = Stage1Settings(steps=4, batch=4, warmup=2, ray_steps=12, save_every=100)
    torch.manual_seed(0)
    guidance = PriorGuidance(PriorNet(PRIOR), CaptionCache(TextEncoder(PRIOR.text)), DistillationSettings())
    return Stage1Trainer(
        library.prepared, library.sets, guidance, folder, tiny(), dataclasses.replace(settings, **changes), None
    )


def prior(library: Library, folder: Path, **changes: object) -> PriorTrainer:
    settings = PriorSettings(steps=4, batch=4, warmup=2, save_every=100)
    return PriorTrainer(library.sets, folder, PRIOR, dataclasses.replace(settings, **changes))


STAGES: dict[str, Callable[..., Trainer]] = {"stage0": stage0, "stage1": stage1, "prior": prior}


def _run(stage: str, library: Library, folder: Path, until: int | None = None, **changes: object) -> Trainer:
    run = STAGES[stage](library, folder / stage, **changes)
    # Half precision rounds a batch of two otherwise than one of four.
    run.autocast = False
    if isinstance(run, Pretrainer):
        run.sketch_trainer.autocast = False
    for _ in run.run(until):
        pass
    return run


def _two(rank: int, port: int, library: Library, folder: Path) -> None:
    """The life of one of two processes."""
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }  # fmt: skip
    world = join_world(torch.device("cpu"))
    assert world == World(rank, 2, joined=True)
    _check_exchange(world, folder)
    for stage in STAGES:
        _run(stage, library, folder / "two")
        _run(stage, library, folder / "two_then_one", until=2)
        _run(stage, library, folder / "one_then_two")
    _run("prior", library, folder / "two_by_two", accumulate=2)
    _meet_not_a_number(world, library, folder)
    world.wait()
    world.leave()


def _check_exchange(world: World, folder: Path) -> None:
    parameters = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(5))]
    parameters.append(nn.Parameter(torch.zeros(2, dtype=torch.float64)))
    parameters[0].grad = torch.full((2, 3), 1.0 + 2 * world.rank)
    parameters[3].grad = torch.full((2,), 5.0 * world.rank, dtype=torch.float64)
    if world.first:
        parameters[1].grad = torch.arange(4.0)
    world.average_gradients(parameters)
    assert torch.equal(parameters[0].grad, torch.full((2, 3), 2.0))
    assert torch.equal(parameters[1].grad, torch.arange(4.0) / 2)
    assert parameters[2].grad is None
    assert torch.equal(parameters[3].grad, torch.full((2,), 2.5, dtype=torch.float64))
    assert world.averages({"a": 1.0 + world.rank, "b": 4.0}) == {"a": 1.5, "b": 4.0}

    tensor = torch.arange(3.0) + 10 * world.rank
    world.agree(7, [tensor])
    assert torch.equal(tensor, torch.arange(3.0))
    if world.first:
        world.agree(7, [])
    else:
        with pytest.raises(CheckpointError, match="storage that they share"):
            world.agree(6, [])

    with world.first_alone():
        assert (folder / "made").exists() != world.first
        (folder / "made").touch()


def _meet_not_a_number(world: World, library: Library, folder: Path) -> None:
    """In the second step one sample of the second process has a loss that is not a number."""
    run = prior(library, folder / "poisoned")
    run.autocast, true_losses = False, run.losses
    run.losses = lambda batch: {  # type: ignore[method-assign]
        k: v * (float("nan") if run.step == 1 and not world.first else 1) for k, v in true_losses(batch).items()
    }
    steps = [run.train_step() is not None for _ in range(4)]
    assert steps == [True, False, True, True]
    save_file(dict(run.net.state_dict()), folder / f"poisoned_{world.rank}.safetensors")


@pytest.fixture(scope="module")
def library(prepared: list[Prepared], tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("library")
    views = prepare_views(prepared, folder, ViewSettings(views=2, size=16), workers=1)
    return Library(prepared, views, prepare_view_sets(prepared, folder, SetSettings(size=8), workers=1))


@pytest.fixture(scope="module")
def runs(library: Library, children: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of one process and of two."""
    folder = tmp_path_factory.mktemp("runs")
    rays = image_loss.RAYS, image_loss.STEPS
    try:
        for stage in STAGES:
            _run(stage, library, folder / "one")
            _run(stage, library, folder / "one_then_two", until=2)
            _run(stage, library, folder / "micro", accumulate=2 if stage != "stage1" else 4)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        pair = [children.Process(target=_two, args=(rank, port, library, folder)) for rank in (0, 1)]
        for process in pair:
            process.start()
        for process in pair:
            process.join(240)
            process.kill()
        assert [process.exitcode for process in pair] == [0, 0]
        for stage in STAGES:
            _run(stage, library, folder / "two_then_one", accumulate=2)
    finally:
        image_loss.RAYS, image_loss.STEPS = rays
    return folder


def _states(folder: Path) -> dict[str, dict[str, Tensor]]:
    return {path.name: load_file(path) for path in sorted(folder.glob("*.safetensors"))}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("other", ["two", "micro", "two_then_one", "one_then_two"])
def test_however_a_batch_is_divided_the_run_is_the_same(runs: Path, stage: str, other: str) -> None:
    _compare(runs / "one" / stage, runs / other / stage)


def test_processes_and_micro_steps_together(runs: Path) -> None:
    _compare(runs / "one" / "prior", runs / "two_by_two" / "prior")


def _compare(first: Path, second: Path) -> None:
    expected, found = _states(first), _states(second)
    assert expected.keys() == found.keys() and expected
    for file, tensors in expected.items():
        assert tensors.keys() == found[file].keys()
        for name, value in tensors.items():
            torch.testing.assert_close(found[file][name], value, **LOOSE, msg=lambda m, name=name: f"{name}: {m}")
    for log in first.glob("*.jsonl"):
        lines, others = read_log(log), read_log(second / log.name)
        assert [r["step"] for r in others] == [1, 2, 3, 4] == [r["step"] for r in lines]
        for line, other in zip(lines, others, strict=True):
            assert line.keys() == other.keys()
            for name in line.keys() - {"samples_per_s"}:
                assert other[name] == pytest.approx(line[name], rel=2e-4, abs=1e-6), name


def test_what_is_not_a_number_for_one_is_skipped_by_all(runs: Path) -> None:
    first, second = (load_file(runs / f"poisoned_{rank}.safetensors") for rank in (0, 1))
    healthy = {k[4:]: v for k, v in load_file(runs / "one" / "prior" / "state.safetensors").items()}
    assert any(not torch.equal(first[k], healthy[k]) for k in first)
    for name, value in first.items():
        assert torch.isfinite(value).all() and torch.equal(value, second[name]), name


def test_a_batch_of_another_size_is_refused_by_a_stage(library: Library, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="The run has batches of 4"):
        prior(library, tmp_path, accumulate=3)


def test_alone_nothing_is_exchanged() -> None:
    """And ``torch.distributed`` is not called: no group is open here."""
    world = join_world(torch.device("cpu"))
    assert world == World() and world.first
    parameter = nn.Parameter(torch.zeros(2))
    parameter.grad = torch.ones(2)
    world.average_gradients([parameter])
    assert torch.equal(parameter.grad, torch.ones(2))
    assert world.averages({"a": 1.0}) == {"a": 1.0}
    world.wait()
    with world.first_alone():
        world.agree(3, [])
    world.leave()


@pytest.mark.parametrize(
    ("device", "variables", "message"),
    [
        ("mps", {}, "not on 'mps'"),
        ("cpu", {}, "start them with torchrun"),
        ("cuda", {"LOCAL_RANK": "99"}, "more processes than"),
    ],
)
def test_processes_that_cannot_be_joined_are_refused(
    monkeypatch: pytest.MonkeyPatch, device: str, variables: dict[str, str], message: str
) -> None:
    for name, value in {"WORLD_SIZE": "2", **variables}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=message):
        join_world(torch.device(device))


@pytest.mark.slow
def test_the_command_under_torchrun(asset_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    call = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
        "-m", "latte3d_core.cli", "pretrain", str(asset_folder), "--out", str(out), "--preset", "tiny", "--steps", "2",
        "--batch", "4", "--accumulate", "2", "--sketch-steps", "2", "--picture-every", "2", "--workers", "1",
        "--device", "cpu", "--include-held-out",
    ]  # fmt: skip
    done = subprocess.run(call, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("6 assets, 2 steps of 4, from step 0") == 1 and done.stdout.count("tiny.safetensors") == 1
    assert [r["step"] for r in read_log(out / "log.jsonl")] == [1, 2]
    assert (out / "tiny.safetensors").exists() and (out / "sheet_000002.png").exists()
    assert json.loads((out / "assets.json").read_text())["prepared"] == len(np.unique(list((out / "cache").iterdir())))
