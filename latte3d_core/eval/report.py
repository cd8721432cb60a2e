"""``latte3d eval``: what a model does with assets and words that it never saw, as numbers and as contact sheets.

Parts, in the order of the report (each a function below):

    reconstruction   held-out assets from their own points, with and without their colours, alpha 1
    text             captions of held-out assets, at every alpha: does a scorer see the category? are the pictures and
                     the masks of the library's kind (``views.py``)? do they agree with the words (``agreement.py``)?
    words            synonyms, plurals, typing errors, size words: is it still the thing, and has it the proportions?
    memory           captions of training assets at alpha 0: how much of the asset comes back
    colours          colour × noun prompts: is the named colour the dominant one?
    materials        material × noun prompts: does a scorer see the material?
    stylized         the same for points of held-out assets, whose colours are withheld
    seeds            one prompt, several seeds: how different, and still the category?
    alpha            mask IoU with the template as alpha rises

Scorers are trained on pictures of training assets (``scorer.py``) and kept in the cache; next to every share of right
answers stands the scorers' share on real pictures, the ceiling. Counts, thresholds, views and seeds: ``protocol.py``.
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
from latte3d_core.errors import AssetError, Latte3DError, SurfaceError
from latte3d_core.eval.agreement import Matcher
from latte3d_core.eval.distances import kernel_distance
from latte3d_core.eval.geometry import occupancy_iou, occupancy_of, surface_scores
from latte3d_core.eval.judges import Judges, Views
from latte3d_core.eval.looks import Looks, look_at_asset, look_at_fields
from latte3d_core.eval.prompts import JUDGED, NOUNS, SYNONYMS, colour_prompts, material_prompts
from latte3d_core.eval.protocol import (
    ALPHA_PROMPTS,
    ALPHAS,
    COLOUR_PIXELS,
    COLOUR_PROMPTS,
    GRID,
    LOOK_SIZE,
    MATERIAL_ASSETS,
    MATERIAL_ROUNDS,
    MATERIAL_TEST_ASSETS,
    MEMORY_ASSETS,
    MIN_MEMBERS,
    NEAREST_SIDE,
    SCORER_VERSION,
    SEED,
    SEED_PROMPTS,
    SEEDS,
    SILHOUETTE_SIDE,
    SIZE_CHANGE,
    STYLIZED_ROUNDS,
    SURFACE_SAMPLES,
)
from latte3d_core.eval.scorer import Scorer, ScorerFeatures, load_scorer, save_scorer, train_scorer
from latte3d_core.eval.table import as_table
from latte3d_core.eval.views import FeatureNet
from latte3d_core.files import write_atomically
from latte3d_core.mesh.types import Mesh
from latte3d_core.model.sketch import sketch_targets
from latte3d_core.render.preview import contact_sheet, render_asset, render_mesh, save_png

log = logging.getLogger(__name__)

#: Steps (7, 3) from a surface point to where a model puts its thickened surface.
_THICK = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)]).astype(np.float32) * (
    TargetSettings.thickness - SKIN
)


@dataclass
class Evaluation:
    """A model on the bench, with what several parts share.

    Attributes:
        training, held_out: prepared assets of either kind.
        limit: at most so many objects a part; None: each part's full number.
        features: the network of Render- and Mask-FID; None: the category scorer's.
        matcher: judges whether pictures agree with their prompts; None: that is not measured.
        references: (R, S, S, 3) uint8, pictures that Render-FID compares with too, such as those that a text-to-image
            model drew of the same prompts; None: the pictures of the held-out assets alone.
        pictures: contact sheets by name, filled by ``draw``.
    """

    model: Latte3D
    training: Sequence[Prepared]
    held_out: Sequence[Prepared]
    cache: Path
    limit: int | None = None
    features: FeatureNet | None = None
    matcher: Matcher | None = None
    references: np.ndarray | None = None
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
    category = category_scorer(bench.training, bench.cache)
    path = bench.cache / f"scorer-material-{_key(bench.training)}.safetensors"
    material = _cached(path, lambda: _material_pictures(bench.training))
    top1, top5, total = 0, 0, 0
    for item in bench.held_out:
        if item.asset.category in category.names:
            ranking = category.ranking(look_at_asset(load_glb(item.asset.path)))
            top1, top5 = top1 + (ranking[0] == item.asset.category), top5 + (item.asset.category in ranking[:5])
            total += 1
    looks, labels = _material_pictures(bench.held_out[:: max(1, len(bench.held_out) // MATERIAL_TEST_ASSETS)])
    right = np.mean([material.ranking(one)[0] == label for one, label in zip(looks, labels, strict=True)])
    return category, material, {
        "category_top1": top1 / max(1, total), "category_top5": top5 / max(1, total), "material": float(right),
    }  # fmt: skip


def category_scorer(training: Sequence[Prepared], cache: Path) -> Scorer:
    """The category scorer of these training assets, trained once and cached."""
    counts: dict[str, int] = {}
    for item in training:
        counts[item.asset.category] = counts.get(item.asset.category, 0) + 1
    known = [p for p in training if counts[p.asset.category] >= MIN_MEMBERS]
    if not known:
        raise AssetError(f"No category has {MIN_MEMBERS} training assets, so there is nothing to tell categories by.")
    return _cached(cache / f"scorer-category-{_key(training)}.safetensors", lambda: _category_pictures(known))


def _key(training: Sequence[Prepared]) -> str:
    seen = [str(SCORER_VERSION), *JUDGED, *(p.cache.name for p in training)]
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


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


def _views_of_asset(item: Prepared) -> Views:
    asset = load_glb(item.asset.path)
    return cache(lambda size: look_at_asset(asset, size=size))


def _views_of_fields(fields: Fields, mesh: Mesh | None) -> Views:
    """An object without a surface looks like nothing; it is not left out, so that counts stay equal."""
    return cache(lambda size: Looks.of_nothing(size) if mesh is None else look_at_fields(fields, mesh, size))


def text(bench: Evaluation, category: Scorer, ceilings: dict[str, float]) -> dict[str, Any]:
    """Captions of held-out assets, judged against real pictures."""
    solids = torch.stack([_solid(p) for p in bench.training]).float().numpy()
    items = bench.held_out[: bench.limit]
    captions = [p.asset.captions[0] for p in items]
    judges = Judges(
        bench.features or ScorerFeatures(category), bench.matcher, captions, map(_views_of_asset, items),
        bench.references,
    )  # fmt: skip
    real_features = np.concatenate([category.features(look_at_asset(load_glb(p.asset.path))) for p in items])
    by_alpha: dict[float, dict[str, float]] = {}
    renders: dict[float, dict[str, Any]] = {}
    agreements: dict[float, dict[str, float] | None] = {}
    for alpha in sorted({*ALPHAS, DEFAULT_ALPHA}):
        rows, features, made = [], [], []
        for number, (item, caption) in enumerate(zip(items, captions, strict=True)):
            fields = bench.model.fields(caption, alpha=alpha)
            mesh = bench.mesh_of(fields)
            views = _views_of_fields(fields, mesh)
            made.append(judges.judge(views))
            if alpha == DEFAULT_ALPHA and number < 64:
                bench.draw("heldout", f"asset: {caption}", render_asset(load_glb(item.asset.path)))
                bench.draw_prompt("heldout", caption, label=f"made, {judges.label(number, made[-1])}: {caption}")
            looks = views(LOOK_SIZE)
            features.append(category.features(looks))
            inside = occupancy_of(fields.sdf_grid(GRID + 1))
            occupied = item.load().occupied()
            coarse = sketch_targets(torch.from_numpy(inside), NEAREST_SIDE).reshape(-1).numpy()
            row = {"iou": occupancy_iou(inside, occupied), "nearest_training_iou": _nearest_iou(coarse, solids)}
            if item.asset.category in category.names:
                ranking = category.ranking(looks) if mesh is not None else []
                row["top1"] = float(item.asset.category in ranking[:1])
                row["top5"] = float(item.asset.category in ranking[:5])
            else:
                row["top1"] = row["top5"] = float("nan")
            rows.append(row)
        means = _means(rows)
        means["top1_of_ceiling"] = means["top1"] / max(ceilings["category_top1"], 1e-9)
        means["kid"] = kernel_distance(np.concatenate(features), real_features)
        by_alpha[alpha] = means
        renders[alpha], agreements[alpha] = judges.renders(made), judges.agreement(made)
    others = bench.training[:: max(1, len(bench.training) // len(items))][: len(items)]
    result: dict[str, Any] = {
        "default": by_alpha[DEFAULT_ALPHA],
        "alpha_0": by_alpha[0.0],
        "by_alpha": {str(alpha): {k: m[k] for k in ("top1", "top5", "kid")} for alpha, m in by_alpha.items()},
        "renders": {
            "default": renders[DEFAULT_ALPHA],
            "alpha_0": renders[0.0],
            # How far two sets of real assets are apart at this count of pictures.
            "training_assets": judges.renders([judges.judge(_views_of_asset(p)) for p in others], paired=False),
            "by_alpha": {str(alpha): scores for alpha, scores in renders.items()},
        },
        "agreement": {"measured": False},
    }
    if bench.matcher is not None:
        result["agreement"] = {
            "measured": True,
            "model": bench.matcher.name,
            "prompts": len(set(captions)),
            "default": agreements[DEFAULT_ALPHA],
            "alpha_0": agreements[0.0],
            "assets": judges.agreement(judges.assets),
            "by_alpha": {str(alpha): scores for alpha, scores in agreements.items()},
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
    rng = np.random.default_rng(SEED)
    typing = [found(with_typing_error(f"a {noun}", rng)) == found(f"a {noun}") for noun in NOUNS if len(noun) >= 5]
    sizes = []
    for number, noun in enumerate(NOUNS):
        word, sign = (("tall", 1), ("flat", -1), ("wide", -1), ("thin", 1))[number % 4]
        plain, told = (_height_to_width(bench.model.fields(text)) for text in (f"a {noun}", f"a {word} {noun}"))
        sizes.append(sign * (told - plain) > SIZE_CHANGE * plain)
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
    step = max(1, len(bench.training) // bench.some(MEMORY_ASSETS))
    for item in bench.training[::step][: bench.some(MEMORY_ASSETS)]:
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
    for number, (prompt, name) in enumerate(colour_prompts(bench.some(COLOUR_PROMPTS))):
        fields = bench.model.fields(prompt)
        mesh = bench.mesh_of(fields)
        right.append(mesh is not None and dominant_colour(look_at_fields(fields, mesh)) == name)
        if number < 32:
            bench.draw_prompt("colours", prompt)
    return {"dominant": float(np.mean(right)), "prompts": len(right)}


def dominant_colour(looks: Looks) -> str:
    """The name in ``NAMED_COLOURS`` that most of the visible pixels are nearest to."""
    pixels = looks.colors[looks.mask]
    some = pixels[:: max(1, len(pixels) // COLOUR_PIXELS)] / 255.0
    names, counts = np.unique([nearest_name(color) for color in some], return_counts=True)
    return str(names[counts.argmax()])


def materials(bench: Evaluation, material: Scorer, ceilings: dict[str, float]) -> dict[str, Any]:
    """Share of prompts whose material a scorer recognises."""
    right: dict[str, list[bool]] = {}
    for number, (prompt, name) in enumerate(material_prompts(bench.some(MATERIAL_ROUNDS * len(JUDGED)))):
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
    count = bench.some(STYLIZED_ROUNDS * len(JUDGED))
    for number, item in enumerate(bench.held_out[:: max(1, len(bench.held_out) // count)][:count]):
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
    for item in chosen[:: max(1, len(chosen) // bench.some(SEED_PROMPTS))][: bench.some(SEED_PROMPTS)]:
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
    count = bench.some(ALPHA_PROMPTS)
    for item in bench.held_out[:: max(1, len(bench.held_out) // count)][:count]:
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


def _mask_of_points(points: np.ndarray, side: int = SILHOUETTE_SIDE) -> np.ndarray:
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
