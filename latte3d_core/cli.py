"""The command ``latte3d``. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latte3d_core._version import __version__
from latte3d_core.errors import Cancelled, Latte3DError, OutputError, SettingError

if TYPE_CHECKING:
    from latte3d_core.data.prepare import Prepared
    from latte3d_core.train.pretrain import Pretrainer
    from latte3d_core.train.stage1 import Stage1Trainer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 for an error that the user can mend, 2 for a wrong call, 130 for
    Ctrl-C."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(message)s")
    _quiet_libraries()
    try:
        return options.run(options) or 0
    except (Latte3DError, Cancelled) as error:
        print(f"latte3d: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("latte3d: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="latte3d", description="Text to a textured, unwrapped 3D object.")
    parser.add_argument("--version", action="version", version=f"latte3d {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    one = commands.add_parser("generate", help="make a .glb from a prompt, or many from a file of prompts")
    one.add_argument("prompt", nargs="?", help="what to make, for example: a red sports car")
    one.add_argument("-o", "--output", type=Path, metavar="FILE.glb", help="where to write it")
    one.add_argument("--prompts", type=Path, metavar="FILE.jsonl", help='lines of {"id": ..., "prompt": ...}')
    one.add_argument("--out", type=Path, metavar="DIR", help="folder for --prompts: DIR/<id>.glb for each line")
    one.add_argument("--seed", type=int, default=0, help="0 is the model's first answer, others vary it (default 0)")
    one.add_argument("--alpha", type=float, help="shape strength, 0 (the prompt alone) to 1 (close to a known shape)")
    one.add_argument("--faces", type=int, default=5000, help="at most this many triangles (default 5000)")
    one.add_argument("--texture-size", type=int, default=1024, help="side of the textures in pixels (default 1024)")
    one.add_argument("--unwrap", default="fast", metavar="fast|careful", help="how to make the UV map (default fast)")
    one.add_argument("--shape", type=Path, metavar="FILE.glb", help="a shape to follow, instead of a library's")
    one.add_argument("--keep-colours", action="store_true", help="with --shape: start from its own colours")
    _model_options(one)
    one.set_defaults(run=_generate)

    train = commands.add_parser("pretrain", help="stage 0: train a model on folders of captioned assets")
    _training_options(train)
    train.add_argument("--preset", default="small", help="tiny, small or paper (default small)")
    train.add_argument("--init", type=Path, metavar="FILE", help="a model file to start from, not from random weights")
    for name, kind, text in (
        ("steps", int, "length of the run"), ("batch", int, "samples per step"), ("learning_rate", float, "peak"),
        ("sketch_steps", int, "length of the sketch's own run, before"),
        ("image_weight", float, "weight of the rendered colour and opacity loss"), ("save_every", int, "steps"),
        ("picture_every", int, "steps between contact sheets, 0 for none"), ("seed", int, "of everything random"),
    ):  # fmt: skip
        train.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)
    train.set_defaults(run=_pretrain)

    prior = commands.add_parser("train-prior", help="train the four-view diffusion prior that distillation asks")
    _training_options(prior)
    prior.add_argument("--steps", type=int, default=20000, help="length of the run (default 20000)")
    prior.add_argument("--batch", type=int, default=16, help="sets of four views per step (default 16)")
    prior.add_argument("--picture-every", type=int, default=2000, help="steps between sheets, 0 for none")
    prior.set_defaults(run=_train_prior)

    volume = commands.add_parser("train-volume", help="stage 1: distil a prior into a model, masks holding the shapes")
    _training_options(volume)
    volume.add_argument("--prior", type=Path, required=True, help="a prior, as latte3d train-prior writes it")
    volume.add_argument("--init", type=Path, help="a model file of stage 0 to start from (default: random weights)")
    volume.add_argument("--preset", default="small", help="tiny, small or paper (default small)")
    volume.add_argument("--guidance-scale", type=float, default=7.5, help="of classifier-free guidance (default 7.5)")
    volume.add_argument("--form", default="clean", metavar="clean|noise", help="of distillation (default clean)")
    for name, kind, text in (
        ("steps", int, "length of the run"), ("batch", int, "prompts per step, each in four views"),
        ("learning_rate", float, "peak"), ("alpha", float, "of every sample (default: drawn for each)"),
        ("mask_weight", float, "of the mask loss"), ("save_every", int, "steps"), ("seed", int, "of everything random"),
    ):  # fmt: skip
        volume.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)
    volume.set_defaults(run=_train_volume)

    sizes = commands.add_parser("ablate", help="short runs of variants of the preset small, to compare their sizes")
    sizes.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    sizes.add_argument("--cache", type=Path, required=True, help="folder of prepared assets")
    sizes.add_argument("--out", type=Path, required=True, help="folder for the runs and ablation.json")
    sizes.add_argument("--steps", type=int, default=150, help="of each variant (default 150)")
    sizes.add_argument("--batch", type=int, default=8, help="samples per step (default 8)")
    sizes.add_argument("--assets", type=int, default=600, help="of the training assets, evenly spread (default 600)")
    sizes.set_defaults(run=_ablate)

    test = commands.add_parser("eval", help="measure a model on held-out assets and unseen prompts")
    test.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    test.add_argument("--cache", type=Path, required=True, help="folder of prepared assets")
    test.add_argument("--out", type=Path, required=True, help="folder for report.json and the contact sheets")
    test.add_argument("--limit", type=int, help="at most so many objects in each part of the report")
    _model_options(test)
    test.set_defaults(run=_eval)

    sheet = commands.add_parser("sheet", help="draw a contact sheet of prompts that a fixed seed picks from captions")
    sheet.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    sheet.add_argument("--categories", type=int, default=16, help="the largest categories (default 16)")
    sheet.add_argument("--per-category", type=int, default=3, help="prompts from each (default 3)")
    sheet.add_argument("--held-out", action="store_true", help="captions of the assets kept for testing")
    sheet.add_argument("--seed", type=int, default=0, help="of the choice of prompts (default 0)")
    sheet.add_argument("--alpha", type=float, help="shape strength (default: the model's)")
    _model_options(sheet)
    sheet.set_defaults(run=_sheet)

    speed = commands.add_parser("bench", help="time every stage, beside the plain way")
    speed.add_argument("--json", type=Path, metavar="FILE", help="also write the result here")
    speed.add_argument("--runs", type=int, default=12, help="warm runs (default 12)")
    speed.add_argument("--plain-runs", type=int, default=1, help="runs of the plain way (default 1, 0 for none)")
    _model_options(speed)
    speed.set_defaults(run=_bench)

    info = commands.add_parser("info", help="describe a preset or a model file")
    info.add_argument("--preset", help="tiny, small or paper")
    info.add_argument("--model", help="a model file, or the name of one that ships")
    info.set_defaults(run=_info)
    return parser


def _training_options(parser: argparse.ArgumentParser) -> None:
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


def _export(run: Pretrainer | Stage1Trainer, path: Path) -> int:
    from latte3d_core.train.export import export, templates_of

    export(run, templates_of(run), path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _training_assets(options: argparse.Namespace) -> tuple[list[Prepared], Path]:
    """What ``_training_options`` ask for, prepared, and the cache it lies in."""
    import torch

    from latte3d_core.data.prepare import gather, prepare
    from latte3d_core.errors import AssetError

    _at_least(options, 1, "workers", "threads")
    if options.threads:
        torch.set_num_threads(options.threads)
    assets, problems = gather(options.folders)
    if problems and not options.skip_bad:
        raise AssetError(f"{problems[0]} ({len(problems)} such lines; mend them or give --skip-bad.)")
    training = [a for a in assets if options.include_held_out or not a.held_out]
    if not training:
        raise AssetError("No asset to train on; the manifests hold none that is not kept for testing.")
    _make_folder(options.out)
    cache = options.cache or options.out / "cache"
    prepared, skipped = prepare(training, cache, workers=options.workers, report=options.out / "assets.json")
    if skipped and not options.skip_bad:
        raise AssetError(f"{skipped[0]} ({len(skipped)} such assets; mend them or give --skip-bad.)")
    for problem in [*problems, *skipped]:
        print(f"skipped: {problem}", file=sys.stderr)
    if not prepared:
        raise AssetError("No asset could be used; see the messages above.")
    return prepared, cache


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="small", help="a model file, or the name of one that ships (default small)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default auto)")


def _quiet_libraries() -> None:
    """The text encoder's library prints progress bars and hints that mean nothing here."""
    import os

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _generate(options: argparse.Namespace) -> int:
    if (options.prompts is None) == (options.prompt is None):
        raise SettingError("Give either a prompt with -o FILE.glb, or --prompts FILE.jsonl with --out DIR.")
    _at_least(options, 0, "seed")
    if options.keep_colours and options.shape is None:
        raise SettingError("--keep-colours goes with --shape FILE.glb.")
    if options.prompts is not None:
        if options.shape is not None:
            raise SettingError("--shape goes with one prompt, not with --prompts.")
        return _generate_many(options)
    if options.output is None:
        raise SettingError("Say where to write the result: -o FILE.glb.")
    _check_glb_path(options.output)
    from latte3d_core.api import Latte3D, surface_points
    from latte3d_core.model.text import clean_prompt

    clean_prompt(options.prompt)
    points, colors = surface_points(options.shape, 16384) if options.shape else (None, None)
    model = Latte3D.from_pretrained(options.model, options.device)
    mesh = model.generate(
        options.prompt, options.seed, options.alpha, options.faces, options.texture_size, options.unwrap,
        points=points, colors=colors if options.keep_colours else None,
    )  # fmt: skip
    path = mesh.save(options.output)
    for warning in mesh.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    total = sum(mesh.seconds.values())
    print(f"{path}: {len(mesh.vertices):,} vertices, {len(mesh.faces):,} faces, {total:.2f} s")
    print("  " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in mesh.seconds.items()))
    return 0


def _generate_many(options: argparse.Namespace) -> int:
    if options.out is None:
        raise SettingError("Say where to write the results: --out DIR.")
    from latte3d_core.batch import Failure, Item, generate_all, read_prompts
    from latte3d_core.mesh.types import TexturedMesh

    lines = list(read_prompts(options.prompts))
    items = [x for x in lines if isinstance(x, Item)]
    failures = [x for x in lines if isinstance(x, Failure)]
    todo = sum(not (options.out / f"{i.id}.glb").exists() for i in items)
    model = None
    if todo:
        from latte3d_core.api import Latte3D

        model = Latte3D.from_pretrained(options.model, options.device)
    begin, count = time.perf_counter(), {"made": 0, "there": 0, "failed": 0}

    def make(item: Item) -> TexturedMesh:
        assert model is not None
        alpha = options.alpha if item.alpha is None else item.alpha
        seed = options.seed if item.seed is None else item.seed
        return model.generate(item.prompt, seed, alpha, options.faces, options.texture_size, options.unwrap)

    def tick(item: Item, state: str) -> None:
        count[state] += 1
        done = sum(count.values())
        spent = time.perf_counter() - begin
        worked = count["made"] + count["failed"]
        left = spent / worked * (todo - worked) if worked else 0.0
        _draw_bar(done, len(items), f"{left:.0f} s left  {item.id}")

    failures += generate_all(items, options.out, make, tick)
    if items and sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{options.out}: {count['made']} made, {count['there']} already there, {len(failures)} failed")
    for failure in failures:
        print(f"  {failure.where}: {failure.why}", file=sys.stderr)
    return 1 if failures else 0


def _draw_bar(done: int, total: int, text: str) -> None:
    if sys.stderr.isatty():
        filled = round(24 * done / max(1, total))
        print(
            f"\r[{'#' * filled}{'.' * (24 - filled)}] {done}/{total}  {text:<40.40}",
            end="",
            file=sys.stderr,
            flush=True,
        )


def _pretrain(options: argparse.Namespace) -> int:

    from latte3d_core.data.views import prepare_views
    from latte3d_core.devices import choose_device
    from latte3d_core.presets import preset
    from latte3d_core.train.pictures import Pictures
    from latte3d_core.train.pretrain import Pretrainer, PretrainSettings

    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    config, device = preset(options.preset), choose_device(options.device)
    settings = PretrainSettings(**_given(options, PretrainSettings))
    if options.sketch_steps is not None:
        settings = dataclasses.replace(
            settings, sketch=dataclasses.replace(settings.sketch, steps=options.sketch_steps)
        )
    _at_least(options, 0, "sketch_steps")
    _at_least(settings, 1, "steps", "batch", "save_every")
    _at_least(settings, 0, "picture_every", "seed", "image_weight")
    prepared, cache = _training_assets(options)
    views = prepare_views(prepared, cache, workers=options.workers) if settings.image_weight > 0 else None
    run = Pretrainer(prepared, options.out, config, settings, device, views, options.init)
    pictures = Pictures(run) if settings.picture_every else None
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

    from latte3d_core.devices import choose_device
    from latte3d_core.prior.checkpoint import save_prior
    from latte3d_core.prior.model import PriorConfig
    from latte3d_core.prior.sample import views_sheet
    from latte3d_core.prior.train import PriorSettings, PriorTrainer
    from latte3d_core.prior.views import prepare_view_sets
    from latte3d_core.render.preview import save_png

    _at_least(options, 1, "steps", "batch")
    _at_least(options, 0, "picture_every")
    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    prepared, cache = _training_assets(options)
    sets = prepare_view_sets(prepared, cache, workers=options.workers)
    run = PriorTrainer(
        sets, options.out, PriorConfig(), PriorSettings(steps=options.steps, batch=options.batch),
        choose_device(options.device),
    )  # fmt: skip
    prompts = [p.asset.captions[0] for p in sets[:: max(1, len(sets) // 12)]][:12]
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
    save_prior(path, run.averaged(), info)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _train_volume(options: argparse.Namespace) -> int:
    from latte3d_core.devices import choose_device
    from latte3d_core.model.text import CaptionCache, TextEncoder
    from latte3d_core.presets import preset
    from latte3d_core.prior.checkpoint import load_prior
    from latte3d_core.prior.views import prepare_view_sets
    from latte3d_core.train.guidance import FORMS, DistillationSettings, PriorGuidance
    from latte3d_core.train.stage1 import Stage1Settings, Stage1Trainer

    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    config, device = preset(options.preset), choose_device(options.device)
    settings = Stage1Settings(**_given(options, Stage1Settings))
    _at_least(settings, 1, "steps", "batch", "save_every")
    _at_least(settings, 0, "seed", "mask_weight")
    if options.form not in FORMS:
        raise SettingError(f"Unknown form of distillation {options.form!r}; use {' or '.join(FORMS)}.")
    prior = load_prior(options.prior, device)
    prepared, cache = _training_assets(options)
    sets = prepare_view_sets(prepared, cache, workers=options.workers)
    distillation = DistillationSettings(form=options.form, scale=options.guidance_scale)
    guidance = PriorGuidance(prior, CaptionCache(TextEncoder(prior.config.text)), distillation)
    run = Stage1Trainer(prepared, sets, guidance, options.out, config, settings, options.init, device)
    print(f"{len(sets)} prompts' shapes, {settings.steps} steps of {settings.batch}, from step {run.step}", flush=True)
    for record in run.run():
        if record["step"] % 20 == 0 or record["step"] == settings.steps:
            print("  ".join(f"{name} {value:.4g}" for name, value in record.items() if name != "loss"), flush=True)
    return _export(run, options.out / f"{config.name}.safetensors")


def _ablate(options: argparse.Namespace) -> int:
    from latte3d_core.data.prepare import gather, prepare
    from latte3d_core.errors import AssetError
    from latte3d_core.files import write_atomically
    from latte3d_core.presets import small
    from latte3d_core.train.ablation import ablate, as_table
    from latte3d_core.train.pretrain import PretrainSettings
    from latte3d_core.train.sketch import SketchSettings

    _at_least(options, 1, "steps", "batch", "assets")
    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    assets, _ = gather(options.folders)
    training, held_out = ([a for a in assets if a.held_out == kept] for kept in (False, True))
    if not training or not held_out:
        raise AssetError("To compare, the manifests must hold both held-out assets and others.")
    _make_folder(options.out)
    training = training[:: max(1, len(training) // options.assets)][: options.assets]
    settings = PretrainSettings(
        steps=options.steps, batch=options.batch, save_every=options.steps, sketch=SketchSettings(steps=0)
    )
    (prepared, _), (kept, _) = prepare(training, options.cache), prepare(held_out, options.cache)
    rows = []
    for row in ablate(prepared, kept, small(), settings, options.out):
        rows.append(row)
        print(as_table([row]).splitlines()[-1], flush=True)
        text = json.dumps([dataclasses.asdict(r) for r in rows], indent=1)
        write_atomically(options.out / "ablation.json", (text + "\n").encode())
    print(as_table(rows))
    return 0


def _eval(options: argparse.Namespace) -> int:
    from latte3d_core.api import Latte3D
    from latte3d_core.data.prepare import gather, prepare
    from latte3d_core.errors import AssetError
    from latte3d_core.eval.report import Evaluation, evaluate, write_report

    _at_least(options, 1, "limit")
    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    assets, problems = gather(options.folders)
    if not any(a.held_out for a in assets) or all(a.held_out for a in assets):
        raise AssetError("To measure, the manifests must hold both held-out assets and others.")
    _make_folder(options.out)
    prepared, skipped = prepare(assets, options.cache)
    for problem in [*problems, *skipped]:
        print(f"skipped: {problem}", file=sys.stderr)
    model = Latte3D.from_pretrained(options.model, options.device)
    # In the order of a hash, so that --limit takes a fair mix of the folders.
    held_out = sorted(
        (p for p in prepared if p.asset.held_out), key=lambda p: hashlib.sha256(p.asset.id.encode()).digest()
    )
    training = [p for p in prepared if not p.asset.held_out]
    bench = Evaluation(model, training, held_out, options.cache, options.limit)
    print(write_report(evaluate(bench), bench, options.out))
    return 0


def _sheet(options: argparse.Namespace) -> int:
    from latte3d_core.api import Latte3D
    from latte3d_core.data.prepare import gather
    from latte3d_core.eval.sheets import pick_prompts, sheet
    from latte3d_core.render.preview import save_png

    _at_least(options, 1, "categories", "per_category")
    _at_least(options, 0, "seed")
    assets, problems = gather(options.folders)
    for problem in problems:
        print(f"skipped: {problem}", file=sys.stderr)
    chosen = [a for a in assets if a.held_out == options.held_out]
    prompts = pick_prompts(chosen, options.categories, options.per_category, options.seed)
    model = Latte3D.from_pretrained(options.model, options.device)
    save_png(sheet(model, prompts, options.alpha), options.out)
    print(f"{options.out}: {len(prompts)} prompts")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from latte3d_core.api import Latte3D
    from latte3d_core.bench import as_table, bench, cold_start
    from latte3d_core.files import write_atomically

    _at_least(options, 1, "runs")
    _at_least(options, 0, "plain_runs")
    model = Latte3D.from_pretrained(options.model, options.device)
    result = bench(model, options.runs, options.plain_runs)
    result["cold_start_s"] = cold_start(options.model, options.device)
    print(as_table(result))
    if options.json:
        write_atomically(options.json, (json.dumps(result, indent=1) + "\n").encode())
    return 0


def _info(options: argparse.Namespace) -> int:
    from latte3d_core.checkpoint import read_header, resolve
    from latte3d_core.describe import describe
    from latte3d_core.presets import preset

    if options.preset:
        print(describe(preset(options.preset)))
        return 0
    path = resolve(options.model or "small")
    header = read_header(path)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    for key, value in header.items():
        if key == "categories":
            print(f"  templates: {len(value)}")
        elif key == "words":
            print(f"  words: {len(value)}")
        elif key != "config":
            print(f"  {key}: {json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value}")
    from latte3d_core.config import ModelConfig, from_json

    print(describe(from_json(ModelConfig, header["config"])))
    return 0


def _at_least(values: object, least: int, *names: str) -> None:
    """Refuse numbers that are too small; what was not given (None) passes."""
    for name in names:
        value = getattr(values, name)
        if value is not None and not value >= least:  # also refuses not-a-number
            raise SettingError(f"--{name.replace('_', '-')} must be at least {least}.")


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {path} cannot be made: {error.strerror}.") from error


def _check_glb_path(path: Path) -> None:
    """Say at once what would only fail after the work."""
    if path.suffix.lower() != ".glb":
        raise OutputError(f"The output {path.name!r} must end in .glb.")
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} does not exist; make it first.")


if __name__ == "__main__":
    sys.exit(main())
