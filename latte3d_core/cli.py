"""The command ``latte3d``. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latte3d_core._version import __version__
from latte3d_core.cli_common import at_least, make_folder
from latte3d_core.cli_studies import add_study_commands
from latte3d_core.cli_training import add_training_commands
from latte3d_core.errors import Cancelled, Latte3DError, OutputError, SettingError

if TYPE_CHECKING:
    import torch

    from latte3d_core.api import Fields


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
    one.add_argument("--refine", type=float, default=0.0, metavar="SECONDS", help="improve the result for so long")
    one.add_argument("--prior", default="prior", help="for --refine: a prior's file (default: the prior that ships)")
    one.add_argument("--keep-colours", action="store_true", help="with --shape: start from its own colours")
    _model_options(one)
    one.set_defaults(run=_generate)

    add_training_commands(commands)
    add_study_commands(commands)

    test = commands.add_parser("eval", help="measure a model on held-out assets and unseen prompts")
    test.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    test.add_argument("--cache", type=Path, required=True, help="folder of prepared assets")
    test.add_argument("--out", type=Path, required=True, help="folder for report.json and the contact sheets")
    test.add_argument("--limit", type=int, help="at most so many objects in each part of the report")
    test.add_argument("--clip", type=Path, metavar="DIR", help="a CLIP model on disk, to judge text-image agreement")
    test.add_argument("--features", type=Path, metavar="DIR", help="a CLIP model on disk, for FID and KID of pictures")
    test.add_argument("--references", type=Path, metavar="DIR", help="with --features: pictures to compare with too")
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

    words = commands.add_parser("prompts", help="build a prompt set from templates and the captions of assets")
    words.add_argument("folders", nargs="*", type=Path, help="folders with a manifest.jsonl")
    words.add_argument("--templates", type=Path, metavar="FILE.json", help="templates and words for their slots")
    words.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl")
    words.add_argument("--limit", type=int, default=100_000, help="combinations to draw (default 100000, 0 for all)")
    words.add_argument("--unseen", type=float, default=0.1, help="share of combinations held out (default 0.1)")
    words.add_argument("--seed", type=int, default=0, help="of the draw, not of what is held out (default 0)")
    words.add_argument(
        "--captions", action=argparse.BooleanOptionalAction, default=True, help="the captions too (default)"
    )
    words.set_defaults(run=_prompts)

    speed = commands.add_parser("bench", help="time every stage, beside the plain way")
    speed.add_argument("--json", type=Path, metavar="FILE", help="also write the result here")
    speed.add_argument("--runs", type=int, default=12, help="warm runs (default 12)")
    speed.add_argument("--plain-runs", type=int, default=1, help="runs of the plain way (default 1, 0 for none)")
    _model_options(speed)
    speed.set_defaults(run=_bench)

    info = commands.add_parser("info", help="describe a preset or a model file")
    info.add_argument("--preset", help="tiny, mini, small or paper")
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
    at_least(options, 0, "seed", "refine")
    if options.keep_colours and options.shape is None:
        raise SettingError("--keep-colours goes with --shape FILE.glb.")
    if options.prompts is not None:
        if options.shape is not None:
            raise SettingError("--shape goes with one prompt, not with --prompts.")
        if options.refine:
            raise SettingError("--refine goes with one prompt, not with --prompts.")
        return _generate_many(options)
    if options.output is None:
        raise SettingError("Say where to write the result: -o FILE.glb.")
    _check_glb_path(options.output)
    from latte3d_core.api import Latte3D, surface_points
    from latte3d_core.model.text import clean_prompt
    from latte3d_core.progress import Progress

    clean_prompt(options.prompt)
    points, colors = surface_points(options.shape, 16384) if options.shape else (None, None)
    model = Latte3D.from_pretrained(options.model, options.device)
    progress = Progress()
    fields = model.fields(
        options.prompt, options.seed, options.alpha, points, colors if options.keep_colours else None, progress
    )
    if options.refine:
        fields = _refined(fields, options, model.device)
    mesh = model.finish(fields, options.faces, options.texture_size, options.unwrap, progress)
    path = mesh.save(options.output)
    for warning in mesh.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    total = sum(mesh.seconds.values())
    print(f"{path}: {len(mesh.vertices):,} vertices, {len(mesh.faces):,} faces, {total:.2f} s")
    print("  " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in mesh.seconds.items()))
    return 0


def _refined(fields: Fields, options: argparse.Namespace, device: torch.device) -> Fields:
    from latte3d_core.train.guidance import REFINING, PriorGuidance
    from latte3d_core.train.refine import RefineSettings, refine_fields

    guidance = PriorGuidance.from_file(options.prior, device, REFINING, depth=True)
    better, done = refine_fields(fields, guidance, RefineSettings(seconds=options.refine))
    first, last = done.history[0], done.history[-1]
    print(
        f"refined for {last.seconds:.0f} s, {last.step} steps: error {first.error:.4f}, at best {done.best.error:.4f} "
        f"after {done.best.step} steps"
    )
    return better


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


def _eval(options: argparse.Namespace) -> int:
    from latte3d_core.api import Latte3D
    from latte3d_core.data.prepare import gather, prepare
    from latte3d_core.devices import choose_device
    from latte3d_core.errors import AssetError
    from latte3d_core.eval.clip import Clip
    from latte3d_core.eval.report import Evaluation, evaluate, write_report
    from latte3d_core.eval.views import load_pictures

    at_least(options, 1, "limit")
    if options.references and not options.features:
        raise SettingError("--references goes with --features DIR; the scorers know no pictures with a background.")
    device = choose_device(options.device)
    matcher = Clip(options.clip, device) if options.clip else None
    features = Clip(options.features, device) if options.features else None
    references = load_pictures(options.references, features.size) if options.references and features else None
    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    assets, problems = gather(options.folders)
    if not any(a.held_out for a in assets) or all(a.held_out for a in assets):
        raise AssetError("To measure, the manifests must hold both held-out assets and others.")
    make_folder(options.out)
    prepared, skipped = prepare(assets, options.cache)
    for problem in [*problems, *skipped]:
        print(f"skipped: {problem}", file=sys.stderr)
    model = Latte3D.from_pretrained(options.model, options.device)
    # In the order of a hash, so that --limit takes a fair mix of the folders.
    held_out = sorted(
        (p for p in prepared if p.asset.held_out), key=lambda p: hashlib.sha256(p.asset.id.encode()).digest()
    )
    training = [p for p in prepared if not p.asset.held_out]
    bench = Evaluation(model, training, held_out, options.cache, options.limit, features, matcher, references)
    print(write_report(evaluate(bench), bench, options.out))
    return 0


def _sheet(options: argparse.Namespace) -> int:
    from latte3d_core.api import Latte3D
    from latte3d_core.data.prepare import gather
    from latte3d_core.eval.sheets import pick_prompts, sheet
    from latte3d_core.render.preview import save_png

    at_least(options, 1, "categories", "per_category")
    at_least(options, 0, "seed")
    assets, problems = gather(options.folders)
    for problem in problems:
        print(f"skipped: {problem}", file=sys.stderr)
    chosen = [a for a in assets if a.held_out == options.held_out]
    prompts = pick_prompts(chosen, options.categories, options.per_category, options.seed)
    model = Latte3D.from_pretrained(options.model, options.device)
    save_png(sheet(model, prompts, options.alpha), options.out)
    print(f"{options.out}: {len(prompts)} prompts")
    return 0


def _prompts(options: argparse.Namespace) -> int:
    from latte3d_core.data import prompt_sets
    from latte3d_core.data.prepare import gather

    at_least(options, 0, "limit", "unseen", "seed")
    if not options.folders and options.templates is None:
        raise SettingError("Name folders of captioned assets, or give --templates FILE.json.")
    settings = prompt_sets.PromptSetSettings(options.unseen, options.limit or None, options.seed, options.captions)
    assets, problems = gather(options.folders)
    for problem in problems:
        print(f"skipped: {problem}", file=sys.stderr)
    library = prompt_sets.Library(assets)
    slots = prompt_sets.builtin_slots(library.subjects)
    if options.templates is not None:
        grammar = prompt_sets.read_grammar(options.templates, slots)
    else:
        grammar = prompt_sets.make_grammar(prompt_sets.TEMPLATES, slots)
    count = prompt_sets.write_prompt_set(prompt_sets.prompt_lines(grammar, library, settings), options.out)
    print(f"{options.out}: {count.total():,} prompts, {count['seen']:,} seen and {count['unseen']:,} unseen")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from latte3d_core.api import Latte3D
    from latte3d_core.bench import as_table, bench, cold_start
    from latte3d_core.files import write_atomically

    at_least(options, 1, "runs")
    at_least(options, 0, "plain_runs")
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


def _check_glb_path(path: Path) -> None:
    """Say at once what would only fail after the work."""
    if path.suffix.lower() != ".glb":
        raise OutputError(f"The output {path.name!r} must end in .glb.")
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} does not exist; make it first.")


if __name__ == "__main__":
    sys.exit(main())
