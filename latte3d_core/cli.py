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

from latte3d_core._version import __version__
from latte3d_core.errors import Cancelled, Latte3DError, OutputError, SettingError


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
    train.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    train.add_argument("--out", type=Path, required=True, help="folder of the run: state, log, pictures, model file")
    train.add_argument("--preset", default="small", help="tiny, small or paper (default small)")
    train.add_argument("--cache", type=Path, help="folder for prepared assets (default: OUT/cache)")
    train.add_argument("--skip-bad", action="store_true", help="go on without the assets that cannot be used")
    train.add_argument("--workers", type=int, help="processes that prepare assets (default: all cores)")
    train.add_argument("--threads", type=int, help="threads of the training itself (default: all cores)")
    train.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default auto)")
    train.add_argument("--include-held-out", action="store_true", help="also train on the assets kept for testing")
    for name, kind, text in (
        ("steps", int, "length of the run"), ("batch", int, "samples per step"), ("learning_rate", float, "peak"),
        ("image_weight", float, "weight of the rendered colour and opacity loss"), ("save_every", int, "steps"),
        ("picture_every", int, "steps between contact sheets, 0 for none"), ("seed", int, "of everything random"),
    ):  # fmt: skip
        train.add_argument(f"--{name.replace('_', '-')}", type=kind, help=text)
    train.set_defaults(run=_pretrain)

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
    import torch

    from latte3d_core.data.prepare import gather, prepare
    from latte3d_core.data.views import prepare_views
    from latte3d_core.devices import choose_device
    from latte3d_core.errors import AssetError
    from latte3d_core.presets import preset
    from latte3d_core.train.export import export, templates_of
    from latte3d_core.train.pictures import Pictures
    from latte3d_core.train.pretrain import Pretrainer, PretrainSettings

    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    config, device = preset(options.preset), choose_device(options.device)
    names = {f.name for f in dataclasses.fields(PretrainSettings)}
    settings = PretrainSettings(**{k: v for k, v in vars(options).items() if k in names and v is not None})
    _at_least(settings, 1, "steps", "batch", "save_every")
    _at_least(settings, 0, "picture_every", "seed", "image_weight")
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
    views = prepare_views(prepared, cache, workers=options.workers) if settings.image_weight > 0 else None
    run = Pretrainer(prepared, options.out, config, settings, device, views)
    pictures = Pictures(run) if settings.picture_every else None
    print(f"{len(prepared)} assets, {settings.steps} steps of {settings.batch}, from step {run.step}", flush=True)
    for record in run.run():
        step = int(record["step"])
        if step % 50 == 0 or step == settings.steps:
            print(
                f"step {step}  loss {record['loss']:.4f}  sdf {record['sdf']:.4f}  sign {record['sign']:.4f}  "
                f"color {record['color']:.4f}  sketch {record['sketch']:.4f}  "
                + (f"image {record['image']:.4f}  " if "image" in record else "")
                + f"{record['samples_per_s']:.1f} samples/s",
                flush=True,
            )
        if pictures is not None and step % settings.picture_every == 0:
            pictures.draw()
    path = options.out / f"{config.name}.safetensors"
    export(run, templates_of(run), path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
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
