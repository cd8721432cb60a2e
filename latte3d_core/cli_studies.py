"""The commands of ``latte3d`` that compare: sizes of the network, and the ideas of the method."""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latte3d_core.cli_common import at_least, make_folder
from latte3d_core.errors import SettingError

_STUDIES = ("stages", "alpha", "amortisation", "combinations")


def add_study_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Parsers of ablate and study."""
    sizes = commands.add_parser("ablate", help="short runs of variants of the preset small, to compare their sizes")
    sizes.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    sizes.add_argument("--cache", type=Path, required=True, help="folder of prepared assets")
    sizes.add_argument("--out", type=Path, required=True, help="folder for the runs and ablation.json")
    sizes.add_argument("--steps", type=int, default=150, help="of each variant (default 150)")
    sizes.add_argument("--batch", type=int, default=8, help="samples per step (default 8)")
    sizes.add_argument("--assets", type=int, default=600, help="of the training assets, evenly spread (default 600)")
    sizes.set_defaults(run=_ablate)

    study = commands.add_parser("study", help="what an idea of the method is worth, measured by short runs")
    study.add_argument("name", metavar="|".join(_STUDIES), help="which idea; docs/method.md has what each found")
    study.add_argument("folders", nargs="+", type=Path, help="folders with a manifest.jsonl")
    study.add_argument("--cache", type=Path, required=True, help="folder of prepared assets")
    study.add_argument("--out", type=Path, required=True, help="folder for the runs and the numbers")
    study.add_argument("--prior", default="prior", help="a prior's file (default: the prior that ships)")
    study.add_argument("--preset", default="mini", help="of what is trained: tiny, mini, small or paper (default mini)")
    study.add_argument("--model", default="small", help="what amortisation is measured on (default small)")
    study.add_argument("--pretrain-steps", type=int, default=600, help="of stage 0 (default 600)")
    study.add_argument("--steps", type=int, default=150, help="of every other run (default 150)")
    study.add_argument("--batch", type=int, default=2, help="samples per step (default 2)")
    study.add_argument("--assets", type=int, default=600, help="of the training assets, evenly spread (default 600)")
    study.add_argument("--measured", type=int, default=48, help="held-out assets to measure on (default 48)")
    study.add_argument("--seconds", type=float, default=30.0, help="of each refinement (default 30)")
    study.add_argument("--mask-weight", type=float, default=1.0, help="of stage 1 (default 1)")
    study.set_defaults(run=_study)


def _ablate(options: argparse.Namespace) -> int:
    from latte3d_core.data.prepare import prepare
    from latte3d_core.files import write_atomically
    from latte3d_core.presets import small
    from latte3d_core.train.ablation import ablate, as_table
    from latte3d_core.train.pretrain import PretrainSettings
    from latte3d_core.train.sketch import SketchSettings

    at_least(options, 1, "steps", "batch", "assets")
    training, held_out = _both_kinds(options)
    training = _spread(training, options.assets)
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


def _study(options: argparse.Namespace) -> int:
    from latte3d_core.checkpoint import load_checkpoint
    from latte3d_core.data.prepare import prepare
    from latte3d_core.eval.report import category_scorer
    from latte3d_core.presets import preset
    from latte3d_core.prior.checkpoint import load_prior
    from latte3d_core.prior.views import prepare_view_sets
    from latte3d_core.studies.alpha import study_alpha
    from latte3d_core.studies.amortisation import study_amortisation
    from latte3d_core.studies.combinations import study_combinations
    from latte3d_core.studies.lab import Lab, as_table, keep
    from latte3d_core.studies.stages import study_stages
    from latte3d_core.train.refine import RefineSettings

    if options.name not in _STUDIES:
        raise SettingError(f"There is no study {options.name!r}; choose one of {', '.join(_STUDIES)}.")
    at_least(options, 1, "pretrain_steps", "steps", "batch", "assets", "measured")
    at_least(options, 0, "seconds", "mask_weight")
    config, prior = preset(options.preset), load_prior(options.prior)
    training, kept = _both_kinds(options)
    (all_prepared, _), (held_out, _) = prepare(training, options.cache), prepare(kept, options.cache)
    prepared = _spread(all_prepared, options.assets)
    lab = Lab(
        options.out, prepared, prepare_view_sets(prepared, options.cache), _spread(held_out, options.measured), prior,
        category_scorer(all_prepared, options.cache), config, options.pretrain_steps, options.steps, options.batch,
        mask_weight=options.mask_weight,
    )  # fmt: skip
    rows: Iterator[tuple[str, Any]]
    if options.name == "stages":
        rows = study_stages(lab)
    elif options.name == "alpha":
        rows = study_alpha(lab)
    elif options.name == "combinations":
        rows = study_combinations(lab, options.steps, options.batch)
    else:
        net = load_checkpoint(options.model).net
        settings = RefineSettings(
            seconds=options.seconds, steps=10**6, geometry=True, size=32, patience=10**6, check_every=5
        )
        rows = study_amortisation(net, lab.held_out, settings)
    found: dict[str, Any] = {}
    for name, row in rows:
        found[name] = row
        print(as_table({name: row}).splitlines()[-1], flush=True)
        keep(lab, options.name, found)
    print(as_table(found))
    return 0


def _both_kinds(options: argparse.Namespace) -> tuple[list[Any], list[Any]]:
    """Training and held-out assets of the folders, and the output folder made."""
    from latte3d_core.data.prepare import gather
    from latte3d_core.errors import AssetError

    logging.getLogger("latte3d_core").setLevel(logging.INFO)
    assets, _ = gather(options.folders)
    training, held_out = ([a for a in assets if a.held_out == kept] for kept in (False, True))
    if not training or not held_out:
        raise AssetError("To compare, the manifests must hold both held-out assets and others.")
    make_folder(options.out)
    return training, held_out


def _spread(items: list[Any], count: int) -> list[Any]:
    """``count`` of them, evenly spread."""
    return items[:: max(1, len(items) // count)][:count]
