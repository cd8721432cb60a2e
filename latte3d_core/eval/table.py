"""The report's numbers as lines of text."""

from __future__ import annotations

from typing import Any

from latte3d_core.eval.protocol import F_THRESHOLDS


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
    lines += _renders(result["text"]["renders"]) + _agreement(result["text"]["agreement"])
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


def _renders(renders: dict[str, Any]) -> list[str]:
    names = {"fid": "FID", "kid": "KID", "pictures": "pictures"}
    both = {"render_fid": "render FID", "render_kid": "render KID", "mask_fid": "mask FID", "mask_kid": "mask KID"}
    lines = [f"{'pictures judged by':<36}{renders['default']['network']}"]
    for way in ("default", "alpha_0", "training_assets"):
        scores = renders[way]
        lines.append(f"pictures, {way:<26}{_numbers(scores, both | {'mask_iou': 'mask IoU', 'pictures': 'pictures'})}")
        if "references" in scores:
            lines.append(f"pictures to references, {way:<12}{_numbers(scores['references'], names)}")
    return lines


def _agreement(agreement: dict[str, Any]) -> list[str]:
    if not agreement["measured"]:
        return [f"{'text-image agreement':<36}not measured, no CLIP model was given"]
    names = {"cosine": "cosine", "recall@1": "recall@1"}
    ways = {"default": "default", "alpha_0": "alpha_0", "assets": "assets themselves"}
    lines = [f"{'text-image judged by':<36}{agreement['model']}, {agreement['prompts']} prompts"]
    return lines + [f"text-image, {words:<24}{_numbers(agreement[way], names)}" for way, words in ways.items()]


def _numbers(scores: dict[str, Any], names: dict[str, str]) -> str:
    """Those that were measured, after the words for them."""
    there = {words: scores[name] for name, words in names.items() if scores[name] is not None}
    return "  ".join(f"{words} {v:.4f}" if isinstance(v, float) else f"{words} {v}" for words, v in there.items())
