"""``latte3d eval``: what a model does with assets and words that it never saw, as numbers and as contact sheets.

Parts, in the order of the report (each a function below):

    reconstruction   held-out assets from their own points, with and without their colours, alpha 1
    text             captions of held-out assets, at every alpha: does a scorer see the category?
    words            synonyms, plurals, typing errors, size words: is it still the thing, and has it the proportions?
    memory           captions of training assets at alpha 0: how much of the asset comes back
    colours          colour × noun prompts: is the named colour the dominant one?
    materials        material × noun prompts: does a scorer see the material?
    stylized         the same for points of held-out assets, whose colours are withheld
    seeds            one prompt, several seeds: how different, and still the category?
    alpha            mask IoU with the template as alpha rises

Scorers are trained on pictures of training assets (``scorer.py``) and kept in the cache; next to every share of right
answers stands the scorers' share on real pictures, the ceiling.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latte3d_core.api import DEFAULT_ALPHA, SKIN, Fields, Latte3D
from latte3d_core.data.colours import nearest_name
from latte3d_core.data.gltf import load_glb
from latte3d_core.data.materials import painted
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.targets import TargetSettings
from latte3d_core.data.wording import plural, with_typing_error
from latte3d_core.errors import Latte3DError, SurfaceError
from latte3d_core.eval.geometry import (
    F_THRESHOLDS,
    GRID,
    SURFACE_SAMPLES,
    occupancy_iou,
    occupancy_of,
    surface_scores,
)
from latte3d_core.eval.looks import Looks, look_at_asset, look_at_fields
from latte3d_core.eval.prompts import JUDGED, NOUNS, SYNONYMS, colour_prompts, material_prompts
from latte3d_core.eval.scorer import Scorer, kernel_distance, load_scorer, save_scorer, train_scorer
from latte3d_core.files import write_atomically
from latte3d_core.mesh.types import Mesh
from latte3d_core.model.sketch import sketch_targets
from latte3d_core.render.preview import contact_sheet, render_asset, render_mesh, save_png

log = logging.getLogger(__name__)

#: Raised when the pictures, the patterns or the scorers change, so that kept scorers are trained anew.
SCORER_VERSION = 1
#: Categories with fewer training assets than this are not asked for.
MIN_MEMBERS = 10
#: Training assets whose pictures the material scorer learns from.
MATERIAL_ASSETS = 400
#: Side of the grid on which the nearest training solid is looked for.
NEAREST_SIDE = 24
#: Steps (7, 3) from a surface point to where a model puts its thickened surface.
_THICK = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)]).astype(np.float32) * (
    TargetSettings.thickness - SKIN
)
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
SEEDS = 8


@dataclass
class Evaluation:
    """A model on the bench, with what several parts share.

    Attributes:
        training, held_out: prepared assets of either kind.
        limit: at most so many objects a part; None: each part's full number.
        pictures: contact sheets by name, filled by ``draw``.
    """

    model: Latte3D
    training: Sequence[Prepared]
    held_out: Sequence[Prepared]
    cache: Path
    limit: int | None = None
    pictures: dict[str, tuple[list[np.ndarray], list[str]]] = field(default_factory=dict)

    def some(self, count: int) -> int:
        return count if self.limit is None else min(count, self.limit)

    def mesh_of(self, fields: Fields) -> Mesh | None:
        """The undecimated surface as ``generate`` finds it; None where there is none."""
        try:
            return self.model.surface(fields)[0]
        except SurfaceError:
            return None

    def draw(self, sheet: str, label: str, picture: np.ndarray) -> None:
        pictures, labels = self.pictures.setdefault(sheet, ([], []))
        pictures.append(picture)
        labels.append(label)

    def draw_prompt(self, sheet: str, prompt: str, seed: int = 0, alpha: float | None = None, label: str = "") -> None:
        """One finished object, seen from the front right; an empty place where there is none."""
        self.draw_finished(sheet, label or prompt, self.model.fields(prompt, seed, alpha))

    def draw_finished(self, sheet: str, label: str, fields: Fields) -> None:
        try:
            picture = render_mesh(self.model.finish(fields, texture_size=512))
        except Latte3DError as error:
            log.warning("no picture of %r: %s", label, error)
            picture = np.zeros((192, 192, 4), dtype=np.uint8)
        self.draw(sheet, label, picture)


def evaluate(bench: Evaluation) -> dict[str, Any]:
    """All parts; the numbers as nested dictionaries."""
    category, material, ceilings = scorers(bench)
    result: dict[str, Any] = {
        "model_sha256": bench.model.checkpoint.digest,
        "step": bench.model.checkpoint.info.get("step"),
        "held_out": len(bench.held_out),
        "limit": bench.limit,
        "default_alpha": DEFAULT_ALPHA,
        "ceilings": ceilings,
    }
    parts: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("reconstruction", lambda: reconstruction(bench)),
        ("text", lambda: text(bench, category, ceilings)),
        ("words", lambda: words(bench)),
        ("memory", lambda: recalled(bench)),
        ("colours", lambda: colours(bench)),
        ("materials", lambda: materials(bench, material, ceilings)),
        ("stylized", lambda: restyled(bench, material, ceilings)),
        ("seeds", lambda: seeds(bench, category)),
        ("alpha", lambda: alpha_sweep(bench)),
    ]
    for name, part in parts:
        result[name] = part()
        log.info("%s: %s", name, json.dumps(result[name]))
    return result


def scorers(bench: Evaluation) -> tuple[Scorer, Scorer, dict[str, float]]:
    """The category and the material scorer, trained once and cached, and their shares of right answers on held-out
    assets."""
    seen = [str(SCORER_VERSION), *JUDGED, *(p.cache.name for p in bench.training)]
    key = hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]
    counts: dict[str, int] = {}
    for item in bench.training:
        counts[item.asset.category] = counts.get(item.asset.category, 0) + 1
    known = {c for c, n in counts.items() if n >= MIN_MEMBERS}
    category = _cached(
        bench.cache / f"scorer-category-{key}.safetensors",
        lambda: _category_pictures([p for p in bench.training if p.asset.category in known]),
    )
    material = _cached(bench.cache / f"scorer-material-{key}.safetensors", lambda: _material_pictures(bench.training))
    top1, top5, total = 0, 0, 0
    for item in bench.held_out:
        if item.asset.category in category.names:
            ranking = category.ranking(look_at_asset(load_glb(item.asset.path)))
            top1, top5 = top1 + (ranking[0] == item.asset.category), top5 + (item.asset.category in ranking[:5])
            total += 1
    looks, labels = _material_pictures(bench.held_out[:: max(1, len(bench.held_out) // 30)])
    right = np.mean([material.ranking(one)[0] == label for one, label in zip(looks, labels, strict=True)])
    return category, material, {
        "category_top1": top1 / max(1, total), "category_top5": top5 / max(1, total), "material": float(right),
    }  # fmt: skip


def _cached(path: Path, pictures: Callable[[], tuple[list[Looks], list[str]]]) -> Scorer:
    if not path.exists():
        log.info("training %s", path.stem)
        save_scorer(train_scorer(*pictures()), path)
    return load_scorer(path)


def _category_pictures(items: Sequence[Prepared]) -> tuple[list[Looks], list[str]]:
    return [look_at_asset(load_glb(p.asset.path)) for p in items], [p.asset.category for p in items]


def _material_pictures(items: Sequence[Prepared]) -> tuple[list[Looks], list[str]]:
    """A number of assets, evenly spaced in the list, each in a third of the judged materials."""
    looks, labels = [], []
    for number, item in enumerate(items[:: max(1, len(items) // MATERIAL_ASSETS)]):
        asset, rng = load_glb(item.asset.path), np.random.default_rng(number)
        for name in rng.choice(JUDGED, len(JUDGED) // 3, replace=False):
            looks.append(look_at_asset(asset, painted("a thing", rng, str(name)).pattern))
            labels.append(str(name))
    return looks, labels


def reconstruction(bench: Evaluation) -> dict[str, Any]:
    """Means over held-out assets of what their own points give."""
    rows: dict[str, list[dict[str, float]]] = {"points_and_colours": [], "points": []}
    for item in bench.held_out[: bench.limit]:
        targets = item.load()
        points = targets.points[: bench.model.net.config.point.points].astype(np.float32)
        given = targets.point_colors[: len(points)] / np.float32(255)
        occupied = targets.occupied()
        for way, table in rows.items():
            fields = bench.model.fields(
                item.asset.captions[0], alpha=1.0, points=points, colors=given if way != "points" else None
            )
            truth = targets.points[:SURFACE_SAMPLES].astype(np.float32)
            table.append({
                "iou": occupancy_iou(occupancy_of(fields.sdf_grid(GRID + 1)), occupied),
                **surface_scores(bench.mesh_of(fields), truth, targets.point_normals[:SURFACE_SAMPLES] / 127.0),
                "color_error": float(
                    np.abs(fields.color(truth) - targets.point_colors[:SURFACE_SAMPLES] / 255.0).mean()
                ),
            })  # fmt: skip
    return {way: _means(table) for way, table in rows.items()}


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def text(bench: Evaluation, category: Scorer, ceilings: dict[str, float]) -> dict[str, Any]:
    """Captions of held-out assets, judged against real pictures."""
    solids = torch.stack([_solid(p) for p in bench.training]).float().numpy()
    real = [look_at_asset(load_glb(p.asset.path)) for p in bench.held_out[: bench.limit]]
    real_features = np.concatenate([category.features(one) for one in real])
    by_alpha: dict[float, dict[str, float]] = {}
    for alpha in sorted({*ALPHAS, DEFAULT_ALPHA}):
        rows, features = [], []
        for number, item in enumerate(bench.held_out[: bench.limit]):
            caption = item.asset.captions[0]
            fields = bench.model.fields(caption, alpha=alpha)
            mesh = bench.mesh_of(fields)
            if alpha == DEFAULT_ALPHA and number < 64:
                bench.draw("heldout", f"asset: {caption}", render_asset(load_glb(item.asset.path)))
                bench.draw_prompt("heldout", caption, label=f"made: {caption}")
            if mesh is None:
                continue
            looks = look_at_fields(fields, mesh)
            features.append(category.features(looks))
            grid = fields.sdf_grid(GRID + 1)
            inside = occupancy_of(grid)
            occupied = item.load().occupied()
            coarse = sketch_targets(torch.from_numpy(inside), NEAREST_SIDE).reshape(-1).numpy()
            row = {"iou": occupancy_iou(inside, occupied), "nearest_training_iou": _nearest_iou(coarse, solids)}
            if item.asset.category in category.names:
                ranking = category.ranking(looks)
                row["top1"] = float(ranking[0] == item.asset.category)
                row["top5"] = float(item.asset.category in ranking[:5])
            else:
                row["top1"] = row["top5"] = float("nan")
            rows.append(row)
        means = _means(rows)
        means["top1_of_ceiling"] = means["top1"] / max(ceilings["category_top1"], 1e-9)
        means["kid"] = kernel_distance(np.concatenate(features), real_features)
        by_alpha[alpha] = means
    result: dict[str, Any] = {
        "default": by_alpha[DEFAULT_ALPHA],
        "alpha_0": by_alpha[0.0],
        "by_alpha": {str(alpha): {k: m[k] for k in ("top1", "top5", "kid")} for alpha, m in by_alpha.items()},
    }
    own = [_nearest_iou(_solid(p).float().numpy(), solids) for p in bench.held_out[: bench.limit]]
    result["nearest_training_iou_of_real_assets"] = float(np.mean(own))
    return result


def _solid(item: Prepared) -> torch.Tensor:
    return (sketch_targets(torch.from_numpy(item.load().occupied()), NEAREST_SIDE) >= 0.5).reshape(-1)


def _nearest_iou(solid: np.ndarray, library: np.ndarray) -> float:
    """Greatest IoU of a solid (K,) with those of a library (A, K)."""
    solid = (solid >= 0.5).astype(np.float32)
    both = library @ solid
    return float((both / np.maximum(library.sum(1) + solid.sum() - both, 1)).max())


def words(bench: Evaluation) -> dict[str, Any]:
    """Other words for the same thing: the share of prompts whose template is of the category that the plain prompt
    finds, and of size words that move the ratio of height to width the right way."""
    categories = bench.model.templates.categories

    @cache
    def found(prompt: str) -> str:
        template = bench.model.fields(prompt).template
        assert template is not None
        return categories[template]

    other_words = [found(f"a {said}") == found(f"a {meant}") for said, meant in SYNONYMS]
    plurals = [found(plural(noun)) == found(f"a {noun}") for noun in NOUNS]
    rng = np.random.default_rng(0)
    typing = [found(with_typing_error(f"a {noun}", rng)) == found(f"a {noun}") for noun in NOUNS if len(noun) >= 5]
    sizes = []
    for number, noun in enumerate(NOUNS):
        word, sign = (("tall", 1), ("flat", -1), ("wide", -1), ("thin", 1))[number % 4]
        plain, told = (_height_to_width(bench.model.fields(text)) for text in (f"a {noun}", f"a {word} {noun}"))
        sizes.append(sign * (told - plain) > 0.05 * plain)
    return {
        "synonyms": float(np.mean(other_words)),
        "plurals": float(np.mean(plurals)),
        "typing_errors": float(np.mean(typing)),
        "sizes": float(np.mean(sizes)),
    }


def _height_to_width(fields: Fields) -> float:
    """Of the solid; 0 where there is none."""
    inside = np.argwhere(fields.sdf_grid(GRID // 2 + 1) < 0)
    if not len(inside):
        return 0.0
    extent = np.ptp(inside, axis=0) + 1
    return float(extent[1] / max(extent[0], extent[2]))


def recalled(bench: Evaluation) -> dict[str, float]:
    """IoU of training assets with what their own captions give at alpha 0: the whole network, and the sketch alone."""
    rows = []
    step = max(1, len(bench.training) // bench.some(96))
    for item in bench.training[::step][: bench.some(96)]:
        occupied = item.load().occupied()
        captions = item.asset.captions
        fields = bench.model.fields(captions[min(1, len(captions) - 1)], alpha=0.0)
        side = fields.planes.sketch.shape[-1]
        coarse = sketch_targets(torch.from_numpy(occupied), side).numpy() >= 0.5
        sketch = fields.planes.sketch[0, 0].float().cpu().numpy() > 0
        rows.append({
            "iou": occupancy_iou(occupancy_of(fields.sdf_grid(GRID + 1)), occupied),
            "sketch_iou": occupancy_iou(sketch, coarse),
        })  # fmt: skip
    return _means(rows)


def colours(bench: Evaluation) -> dict[str, float]:
    """Share of prompts whose colour is the one that most of the visible surface has."""
    right = []
    for number, (prompt, name) in enumerate(colour_prompts(bench.some(72))):
        fields = bench.model.fields(prompt)
        mesh = bench.mesh_of(fields)
        right.append(mesh is not None and dominant_colour(look_at_fields(fields, mesh)) == name)
        if number < 32:
            bench.draw_prompt("colours", prompt)
    return {"dominant": float(np.mean(right)), "prompts": len(right)}


def dominant_colour(looks: Looks) -> str:
    """The name in ``NAMED_COLOURS`` that most of the visible pixels are nearest to."""
    pixels = looks.colors[looks.mask]
    some = pixels[:: max(1, len(pixels) // 2000)] / 255.0
    names, counts = np.unique([nearest_name(color) for color in some], return_counts=True)
    return str(names[counts.argmax()])


def materials(bench: Evaluation, material: Scorer, ceilings: dict[str, float]) -> dict[str, Any]:
    """Share of prompts whose material a scorer recognises."""
    right: dict[str, list[bool]] = {}
    for number, (prompt, name) in enumerate(material_prompts(bench.some(3 * len(JUDGED)))):
        fields = bench.model.fields(prompt)
        mesh = bench.mesh_of(fields)
        right.setdefault(name, []).append(
            mesh is not None and material.ranking(look_at_fields(fields, mesh))[0] == name
        )
        if number < 32:
            bench.draw_prompt("materials", prompt)
    return _shares(right, ceilings)


def _shares(right: dict[str, list[bool]], ceilings: dict[str, float]) -> dict[str, Any]:
    share = float(np.mean([one for many in right.values() for one in many]))
    by_name = {name: float(np.mean(many)) for name, many in right.items()}
    return {"right": share, "of_ceiling": share / max(ceilings["material"], 1e-9), "by_material": by_name}


def restyled(bench: Evaluation, material: Scorer, ceilings: dict[str, float]) -> dict[str, Any]:
    """Held-out shapes, their colours withheld, told to be of a material: with the material painted on the points, as
    by default, and invented by the network (``invented``)."""
    right: dict[str, list[bool]] = {}
    invented = []
    shapes = bench.held_out[:: max(1, len(bench.held_out) // bench.some(2 * len(JUDGED)))]
    for number, item in enumerate(shapes[: bench.some(2 * len(JUDGED))]):
        name = JUDGED[number % len(JUDGED)]
        prompt = painted(item.asset.captions[0], np.random.default_rng(number), name).caption
        targets = item.load()
        points = targets.points[: bench.model.net.config.point.points].astype(np.float32)
        fields = bench.model.fields(prompt, alpha=1.0, points=points)
        mesh = bench.mesh_of(fields)
        right.setdefault(name, []).append(
            mesh is not None and material.ranking(look_at_fields(fields, mesh))[0] == name
        )
        if number < 24:
            bench.draw_finished("stylized", prompt, fields)
        alone = bench.model.fields(prompt, alpha=1.0, points=points, painting=False)
        mesh = bench.mesh_of(alone)
        invented.append(mesh is not None and material.ranking(look_at_fields(alone, mesh))[0] == name)
    return {**_shares(right, ceilings), "invented": float(np.mean(invented))}


def seeds(bench: Evaluation, category: Scorer) -> dict[str, float]:
    """Mean pairwise mask IoU over the seeds of one prompt, and the share of them with the asset's category."""
    overlaps, right = [], []
    chosen = [p for p in bench.held_out if p.asset.category in category.names]
    for item in chosen[:: max(1, len(chosen) // bench.some(16))][: bench.some(16)]:
        caption, masks = item.asset.captions[0], []
        for seed in range(SEEDS):
            fields = bench.model.fields(caption, seed=seed)
            mesh = bench.mesh_of(fields)
            if mesh is None:
                continue
            looks = look_at_fields(fields, mesh)
            masks.append(looks.mask)
            right.append(category.ranking(looks)[0] == item.asset.category)
            if seed < 4:
                bench.draw_prompt("seeds", caption, seed=seed, label=f"{caption} ({seed})")
        overlaps += [occupancy_iou(a, b) for a, b in combinations(masks, 2)]
    return {"mask_iou": float(np.mean(overlaps)), "category": float(np.mean(right))}


def alpha_sweep(bench: Evaluation) -> dict[str, Any]:
    """Mask IoU with the template, as thick as training makes surfaces, by alpha, and whether its mean rises with
    alpha."""
    table: dict[float, list[float]] = {alpha: [] for alpha in ALPHAS}
    for item in bench.held_out[:: max(1, len(bench.held_out) // bench.some(16))][: bench.some(16)]:
        caption = item.asset.captions[0]
        template = bench.model.fields(caption, alpha=1.0).template
        assert template is not None
        points, _ = bench.model.templates.points(template, bench.model.net.config.point.points)
        reference = _mask_of_points((points[:, None] + _THICK).reshape(-1, 3))
        for alpha in ALPHAS:
            fields = bench.model.fields(caption, alpha=alpha)
            mesh = bench.mesh_of(fields)
            table[alpha].append(0.0 if mesh is None else occupancy_iou(_mask_of_points(mesh.vertices), reference))
            bench.draw_prompt("alpha", caption, alpha=alpha, label=f"{caption} (alpha {alpha:g})")
    means = [float(np.mean(table[alpha])) for alpha in ALPHAS]
    return {"mask_iou": dict(zip(map(str, ALPHAS), means, strict=True)), "monotonic": bool(np.all(np.diff(means) > 0))}


def _mask_of_points(points: np.ndarray, side: int = 48) -> np.ndarray:
    """Silhouettes (3, side, side) bool of points along the three axes."""
    cell = np.clip(((points + 1) * (side / 2)).astype(int), 0, side - 1)
    masks = np.zeros((3, side, side), dtype=bool)
    for view, (u, v) in enumerate(((0, 1), (0, 2), (2, 1))):
        masks[view, cell[:, v], cell[:, u]] = True
    return masks


def write_report(result: dict[str, Any], bench: Evaluation, out: Path) -> str:
    """Write ``report.json`` and ``sheet_NAME.png``; returns the table as text."""
    for name, (pictures, labels) in bench.pictures.items():
        columns = {"alpha": len(ALPHAS) * 2}.get(name, 8)
        save_png(contact_sheet(pictures, labels, columns), out / f"sheet_{name}.png")
    write_atomically(out / "report.json", (json.dumps(_without_nan(result), indent=1) + "\n").encode())
    return as_table(result)


def _without_nan(value: Any) -> Any:
    """JSON knows no not-a-number: null stands for it."""
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value


def as_table(result: dict[str, Any]) -> str:
    """The numbers that matter, a line each."""
    lines = []
    for way, scores in result["reconstruction"].items():
        names = ("iou", "chamfer", *(f"f@{t}" for t in F_THRESHOLDS), "normals", "color_error")
        lines.append(f"reconstruction, {way:<20}" + "  ".join(f"{n} {scores[n]:.3f}" for n in names))
    for way in ("default", "alpha_0"):
        scores = result["text"][way]
        names = ("top1", "top5", "top1_of_ceiling", "iou", "nearest_training_iou", "kid")
        lines.append(f"text, {way:<30}" + "  ".join(f"{n} {scores[n]:.3f}" for n in names))
    memory, stylized = result["memory"], result["stylized"]
    lines += [
        f"{'category top 1 by alpha':<36}"
        + "  ".join(f"{a}: {m['top1']:.3f}" for a, m in result["text"]["by_alpha"].items()),
        f"{'other words':<36}" + "  ".join(f"{n} {v:.3f}" for n, v in result["words"].items()),
        f"{'training captions, alpha 0':<36}iou {memory['iou']:.3f}  sketch {memory['sketch_iou']:.3f}",
        f"{'colour named is dominant':<36}{result['colours']['dominant']:.3f}",
        f"{'material recognised':<36}{result['materials']['right']:.3f}",
        f"{'material on unseen shapes':<36}{stylized['right']:.3f}  invented {stylized['invented']:.3f}",
        f"{'seeds':<36}mask IoU {result['seeds']['mask_iou']:.3f}  category {result['seeds']['category']:.3f}",
        f"{'alpha: mask IoU with the template':<36}"
        + "  ".join(f"{a}: {v:.3f}" for a, v in result["alpha"]["mask_iou"].items()),
        f"{'ceilings':<36}" + "  ".join(f"{n} {v:.3f}" for n, v in result["ceilings"].items()),
    ]
    return "\n".join(lines)
