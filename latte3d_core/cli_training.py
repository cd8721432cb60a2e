"""The commands of ``latte3d`` that train: one for each stage. All of them run under torchrun as well."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latte3d_core.cli_common import at_least, make_folder
from latte3d_core.errors import SettingError

if TYPE_CHECKING:
    import torch

    from latte3d_core.data.prepare import Prepared
    from latte3d_core.train.guidance import Guidance
    from latte3d_core.train.parallel import World
    from latte3d_core.train.pretrain import Pretrainer
    from latte3d_core.train.stage1 import Stage1Trainer
    from latte3d_core.train.stage2 import Stage2Settings, Stage2Trainer

_ACCUMULATE = "micro-steps that each process takes its share of a batch in, to need less memory (default 1)"
_PRESETS = "tiny, mini, small or paper (default small)"
#: Options of the three commands that distil a prior.
_DISTILLING = (
    ("steps", int, "length of the run"), ("batch", int, "prompts per step, each in four views"),
    ("learning_rate", float, "peak"), ("alpha", float, "of every sample (default: drawn for each)"),
    ("save_every", int, "steps"), ("seed", int, "of everything random"), ("accumulate", int, _ACCUMULATE),
)  # fmt: skip


def add_training_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Parsers of pretrain, train-prior, train-volume, train-surface and train-style."""
    train = commands.add_parser("pretrain", help="stage 0: train a model on folders of captioned assets")
    training_options(train)
    train.add_argument("--preset", default="small", help=_PRESETS)
    train.add_argument("--init", type=Path, metavar="FILE", help="a model file to start from, not from random weights")
    for name, kind, text in (
        ("steps", int, "length of the run"), ("batch", int, "samples per step"), ("learning_rate", float, "peak"),
        ("sketch_steps", int, "length of the sketch's own run, before"), ("accumulate", int, _ACCUMULATE),
        ("image_weight", float, "weight of the rendered colour and opacity loss"), ("save_every", int, "steps"),
        ("picture_every", int, "steps between contact sheets, 0 for none"), ("seed", int, "of everything random"),
    ):  # fmt: skip
        train.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)
    train.set_defaults(run=_pretrain)

    prior = commands.add_parser("train-prior", help="train the four-view diffusion prior that distillation asks")
    training_options(prior)
    prior.add_argument("--steps", type=int, default=20000, help="length of the run (default 20000)")
    prior.add_argument("--batch", type=int, default=16, help="sets of four views per step (default 16)")
    prior.add_argument("--accumulate", type=int, default=1, help=_ACCUMULATE)
    prior.add_argument("--picture-every", type=int, default=2000, help="steps between sheets, 0 for none")
    prior.set_defaults(run=_train_prior)

    volume = commands.add_parser("train-volume", help="stage 1: distil a prior into a model, masks holding the shapes")
    _distilling_options(volume, "a prior's file, or a folder with MVDream in the diffusers layout")
    volume.add_argument("--init", type=Path, help="a model file of stage 0 to start from (default: random weights)")
    volume.add_argument("--preset", default="small", help=_PRESETS)
    _add(
        volume, ("mask_weight", float, "of the mask loss"),
        ("eikonal_weight", float, "of the term that keeps distances distances"),
    )  # fmt: skip
    volume.set_defaults(run=_train_volume)

    surface = commands.add_parser("train-surface", help="stage 2: shapes frozen, a prior that sees depth paints them")
    style = commands.add_parser("train-style", help="stylization: shapes in materials, by a teacher and a prior")
    for parser, run in ((surface, _train_surface), (style, _train_style)):
        _distilling_options(parser, "a prior's file, or a folder with Stable Diffusion, then --controlnet as well")
        parser.add_argument("--controlnet", type=Path, metavar="DIR", help="a depth ControlNet for Stable Diffusion")
        parser.add_argument("--init", default="small", help="the model file to go on from (default small)")
        parser.add_argument("--rasteriser", default="auto", metavar="auto|embree|nvdiffrast")
        parser.add_argument("--own-encoder", action="store_true", default=None, help="T gets a way down of its own")
        _add(
            parser, ("detail", int, "width behind T's finer planes, 0 for none"), ("dummy_share", float, "of samples"),
            ("grid_side", int, "33, 65 or 129: of the grid that the surface is found on"),
        )  # fmt: skip
        parser.set_defaults(run=run, no_prior=False)
    style.add_argument("--no-prior", action="store_true", help="the teacher alone")
    _add(
        style, ("teacher_weight", float, "of the procedural materials"), ("guidance_weight", float, "of the prior"),
        ("given_color", float, "share of samples that keep the shape's old colours"),
    )  # fmt: skip


def _add(parser: argparse.ArgumentParser, *settings: tuple[str, type, str]) -> None:
    for name, kind, text in settings:
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)


def _distilling_options(parser: argparse.ArgumentParser, prior: str) -> None:
    training_options(parser)
    parser.add_argument("--prior", default="prior", help=f"{prior} (default: the prior that ships)")
    parser.add_argument("--prompts", type=Path, metavar="FILE.jsonl", help="a prompt set (default: the captions)")
    parser.add_argument("--guidance-scale", type=float, default=7.5, help="of classifier-free guidance (default 7.5)")
    parser.add_argument("--form", default="clean", metavar="clean|noise", help="of distillation (default clean)")
    _add(parser, *_DISTILLING)


def training_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: state, log, what comes of it")
    parser.add_argument("--cache", type=Path, help="folder for prepared assets (default: OUT/cache)")
    parser.add_argument("--skip-bad", action="store_true", help="go on without the assets that cannot be used")
    parser.add_argument("--include-held-out", action="store_true", help="also train on the assets kept for testing")
    parser.add_argument("--workers", type=int, help="processes that prepare assets (default: all cores)")
    parser.add_argument("--threads", type=int, help="threads of the training itself (default: all cores)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default auto)")


def _given(options: argparse.Namespace, settings: type) -> dict[str, Any]:
    """The options that name a setting and were given."""
    names = {f.name for f in dataclasses.fields(settings)}
    return {k: v for k, v in vars(options).items() if k in names and v is not None}


def _export(run: Pretrainer | Stage1Trainer | Stage2Trainer, path: Path) -> int:
    from latte3d_core.train.export import export, templates_of

    if run.world.first:
        export(run, templates_of(run), path)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    run.world.leave()
    return 0


def join(options: argparse.Namespace) -> tuple[torch.device, World]:
    """Where a training command runs, and with which other processes; none but the first says how it goes."""
    from latte3d_core.devices import choose_device
    from latte3d_core.train.parallel import join_world

    device = choose_device(options.device)
    world = join_world(device)
    logging.getLogger("latte3d_core").setLevel(logging.INFO if world.first else logging.WARNING)
    if not world.first:
        options.workers = 1  # they find what the first has prepared
    return device, world


def training_assets(options: argparse.Namespace, world: World) -> tuple[list[Prepared], Path]:
    """What ``_training_options`` ask for, prepared, and the cache it lies in."""
    import torch

    from latte3d_core.data.prepare import gather, prepare
    from latte3d_core.errors import AssetError

    at_least(options, 1, "workers", "threads")
    if options.threads:
        torch.set_num_threads(options.threads)
    assets, problems = gather(options.folders)
    if problems and not options.skip_bad:
        raise AssetError(f"{problems[0]} ({len(problems)} such lines; mend them or give --skip-bad.)")
    training = [a for a in assets if options.include_held_out or not a.held_out]
    if not training:
        raise AssetError("No asset to train on; the manifests hold none that is not kept for testing.")
    make_folder(options.out)
    cache = options.cache or options.out / "cache"
    report = options.out / "assets.json" if world.first else None
    with world.first_alone():
        prepared, skipped = prepare(training, cache, workers=options.workers, report=report)
    if skipped and not options.skip_bad:
        raise AssetError(f"{skipped[0]} ({len(skipped)} such assets; mend them or give --skip-bad.)")
    for problem in [*problems, *skipped] if world.first else []:
        print(f"skipped: {problem}", file=sys.stderr)
    if not prepared:
        raise AssetError("No asset could be used; see the messages above.")
    return prepared, cache


def _pretrain(options: argparse.Namespace) -> int:
    from latte3d_core.data.views import prepare_views
    from latte3d_core.presets import preset
    from latte3d_core.train.pictures import Pictures
    from latte3d_core.train.pretrain import Pretrainer, PretrainSettings

    config, (device, world) = preset(options.preset), join(options)
    settings = PretrainSettings(**_given(options, PretrainSettings))
    if options.sketch_steps is not None:
        settings = dataclasses.replace(
            settings, sketch=dataclasses.replace(settings.sketch, steps=options.sketch_steps)
        )
    at_least(options, 0, "sketch_steps")
    at_least(settings, 1, "steps", "batch", "save_every", "accumulate")
    at_least(settings, 0, "picture_every", "seed", "image_weight")
    prepared, cache = training_assets(options, world)
    with world.first_alone():
        views = prepare_views(prepared, cache, workers=options.workers) if settings.image_weight > 0 else None
    run = Pretrainer(prepared, options.out, config, settings, device, views, options.init)
    pictures = Pictures(run) if settings.picture_every else None
    if world.first:
        print(f"{len(prepared)} assets, {settings.steps} steps of {settings.batch}, from step {run.step}", flush=True)
    for record in run.run():
        step = int(record["step"])
        if step % 50 == 0 or step == settings.steps:
            print(
                f"step {step}  loss {record['loss']:.4f}  sdf {record['sdf']:.4f}  sign {record['sign']:.4f}  "
                f"color {record['color']:.4f}  "
                + (f"image {record['image']:.4f}  " if "image" in record else "")
                + f"{record['samples_per_s']:.1f} samples/s",
                flush=True,
            )
        if pictures is not None and step % settings.picture_every == 0:
            pictures.draw()
    return _export(run, options.out / f"{config.name}.safetensors")


def _train_prior(options: argparse.Namespace) -> int:
    from collections import Counter

    from latte3d_core.prior.checkpoint import save_prior
    from latte3d_core.prior.model import PriorConfig
    from latte3d_core.prior.sample import views_sheet
    from latte3d_core.prior.train import PriorSettings, PriorTrainer
    from latte3d_core.prior.views import prepare_view_sets
    from latte3d_core.render.preview import save_png

    at_least(options, 1, "steps", "batch", "accumulate")
    at_least(options, 0, "picture_every")
    device, world = join(options)
    prepared, cache = training_assets(options, world)
    with world.first_alone():
        sets = prepare_view_sets(prepared, cache, workers=options.workers)
    settings = PriorSettings(steps=options.steps, batch=options.batch, accumulate=options.accumulate)
    run = PriorTrainer(sets, options.out, PriorConfig(), settings, device)
    prompts = [p.asset.captions[0] for p in sets[:: max(1, len(sets) // 12)]][:12]
    if world.first:
        print(f"{len(sets)} assets, {options.steps} steps of {options.batch}, from step {run.step}", flush=True)
    for record in run.run():
        step = int(record["step"])
        if step % 100 == 0:
            print(f"step {step}  loss {record['loss']:.4f}  {record['samples_per_s']:.1f} samples/s", flush=True)
        if options.picture_every and (step % options.picture_every == 0 or step == options.steps):
            save_png(views_sheet(run.averaged(), run.captions, prompts), options.out / f"sheet_{step:06d}.png")
    info = {
        "step": run.step, "samples": run.step * options.batch,
        "licences": dict(Counter(p.asset.licence or "unknown" for p in sets).most_common()),
    }  # fmt: skip
    path = options.out / "prior.safetensors"
    if world.first:
        save_prior(path, run.averaged(), info)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    world.leave()
    return 0


def _guidance(options: argparse.Namespace, device: torch.device, depth: bool) -> Guidance:
    """The prior that the options name: our own, or what the user brings in the diffusers layout."""
    from latte3d_core.train.guidance import FORMS, DistillationSettings, PriorGuidance

    if options.form not in FORMS:
        raise SettingError(f"Unknown form of distillation {options.form!r}; use {' or '.join(FORMS)}.")
    distillation = DistillationSettings(form=options.form, scale=options.guidance_scale)
    if not Path(options.prior).is_dir():
        if depth and options.controlnet is not None:
            raise SettingError("--controlnet goes with --prior DIR, a folder with Stable Diffusion.")
        return PriorGuidance.from_file(options.prior, device, distillation, depth)
    if not depth:
        from latte3d_core.train.mvdream import load_mvdream

        return load_mvdream(options.prior, distillation, device)
    if options.controlnet is None:
        raise SettingError("Stable Diffusion alone does not see the shape; give a depth ControlNet: --controlnet DIR.")
    from latte3d_core.train.controlnet import load_depth_controlnet

    return load_depth_controlnet(options.prior, options.controlnet, distillation, device)


def _lines(options: argparse.Namespace) -> Any:
    """The prompt set, or None for the captions."""
    from latte3d_core.data.prompt_sets import read_prompt_set

    return None if options.prompts is None else read_prompt_set(options.prompts)


def _follow(run: Stage1Trainer | Stage2Trainer, shapes: int) -> int:
    """Train to the end, saying how it goes, and export."""
    if run.world.first:
        s = run.settings
        print(f"{shapes} shapes, {s.steps} steps of {s.batch}, from step {run.step}", flush=True)
    for record in run.run():
        if record["step"] % 20 == 0 or record["step"] == run.settings.steps:
            print("  ".join(f"{name} {value:.4g}" for name, value in record.items() if name != "loss"), flush=True)
    return _export(run, run.folder / f"{run.config.name}.safetensors")


def _train_volume(options: argparse.Namespace) -> int:
    from latte3d_core.presets import preset
    from latte3d_core.prior.views import prepare_view_sets
    from latte3d_core.train.stage1 import Stage1Settings, Stage1Trainer

    config, (device, world) = preset(options.preset), join(options)
    settings = Stage1Settings(**_given(options, Stage1Settings))
    at_least(settings, 1, "steps", "batch", "save_every", "accumulate")
    at_least(settings, 0, "seed", "mask_weight", "eikonal_weight")
    guidance = _guidance(options, device, depth=False)
    prepared, cache = training_assets(options, world)
    with world.first_alone():
        sets = prepare_view_sets(prepared, cache, workers=options.workers)
    run = Stage1Trainer(prepared, sets, guidance, options.out, config, settings, options.init, device, _lines(options))
    return _follow(run, len(sets))


def _train_surface(options: argparse.Namespace) -> int:
    from latte3d_core.train.stage2 import Stage2Settings, Stage2Trainer

    return _on_surfaces(options, Stage2Settings(**_given(options, Stage2Settings)), Stage2Trainer)


def _train_style(options: argparse.Namespace) -> int:
    from latte3d_core.train.stylize import StylizeSettings, StylizeTrainer

    settings = StylizeSettings(**_given(options, StylizeSettings))
    at_least(settings, 0, "teacher_weight", "guidance_weight", "given_color")
    return _on_surfaces(options, settings, StylizeTrainer)


def _on_surfaces(options: argparse.Namespace, settings: Stage2Settings, trainer: type[Stage2Trainer]) -> int:
    from latte3d_core.checkpoint import load_checkpoint
    from latte3d_core.render.surface import rasteriser

    device, world = join(options)
    at_least(settings, 1, "steps", "batch", "save_every", "accumulate")
    at_least(settings, 0, "seed", "detail", "dummy_share")
    rasterise, start = rasteriser(options.rasteriser, device), load_checkpoint(options.init)
    guidance = None if options.no_prior else _guidance(options, device, depth=True)
    prepared, _ = training_assets(options, world)
    run = trainer(
        prepared, guidance, rasterise, options.out, start.net, start.digest, settings, device, _lines(options)
    )
    return _follow(run, len(prepared))
