"""``latte3d bench``: how long each stage takes, and how much the shortcuts are worth.

The plain way is timed in the same run on the same objects: the field asked point by point on a dense 129³ grid, the
surface decimated and unwrapped by xatlas with its defaults, every texel found and coloured without the span rasteriser
or the distance grid. Ratios of the two hold on a busy machine; single times do not.
"""

from __future__ import annotations

import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from latte3d_core.api import GRID_SIDE, Fields, Latte3D
from latte3d_core.field.grid import dense_sdf
from latte3d_core.mesh.clean import drop_small_components, smooth
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.simplify import simplify

PROMPTS = (
    "a red sports car",
    "a wooden chair",
    "a green pine tree",
    "a blue ceramic vase",
    "a medieval castle",
    "a yellow banana",
    "a grey wolf",
    "a brown leather sofa",
    "a white cat",
    "a purple spaceship",
    "an orange fish",
    "a stone well",
)
#: Stages that come after the network.
_AFTER = ("field", "surface", "simplify", "unwrap", "bake")


def bench(
    model: Latte3D, runs: int = 12, plain_runs: int = 1, faces: int = 5000, texture_size: int = 1024
) -> dict[str, Any]:
    """Medians over ``runs`` warm generations, each with another prompt in turn; the plain way over ``plain_runs``.

    Returns:
        ``total_s``, ``stages`` (seconds by name), ``after_network_s``, ``plain`` (stages of the plain way),
        ``plain_over_ours``, ``peak_memory_mib``, ``machine``, ``runs``.
    """
    model.generate(PROMPTS[0], faces=faces, texture_size=texture_size)  # warm
    records: list[dict[str, float]] = []
    totals: list[float] = []
    for run in range(runs):
        begin = time.perf_counter()
        mesh = model.generate(PROMPTS[run % len(PROMPTS)], faces=faces, texture_size=texture_size)
        totals.append(time.perf_counter() - begin)
        records.append(dict(mesh.seconds))
    stages = {name: statistics.median(r[name] for r in records) for name in records[0]}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # before the plain way, which needs more
    # The plain way sees the first prompts, and is compared with what the same prompts cost above.
    ratios, plain_records = [], []
    for run in range(plain_runs):
        plain = _plain(model.fields(PROMPTS[run % len(PROMPTS)]), faces, texture_size)
        plain_records.append(plain)
        ratios.append(sum(plain.values()) / sum(records[run % runs][name] for name in _AFTER))
    return {
        "total_s": statistics.median(totals),
        "stages": stages,
        "after_network_s": statistics.median(sum(r[name] for name in _AFTER) for r in records),
        "plain": {name: statistics.median(r[name] for r in plain_records) for name in plain_records[0]} if plain_records
        else {}, "plain_over_ours": statistics.median(ratios) if ratios else None,
        "peak_memory_mib": round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024)),
        "machine": {
            "processor": platform.processor() or platform.machine(), "threads": torch.get_num_threads(),
            "device": model.device.type, "python": platform.python_version(), "torch": torch.__version__,
        },
        "runs": runs, "faces": faces, "texture_size": texture_size,
    }  # fmt: skip


def _plain(fields: Fields, faces: int, texture_size: int) -> dict[str, float]:
    """Seconds by stage of the road without shortcuts."""
    import xatlas

    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - begin
        return result

    with torch.inference_mode():
        grid = timed("field", lambda: dense_sdf(fields.net, fields.planes, GRID_SIDE).cpu().numpy())
    dense = timed("surface", lambda: smooth(drop_small_components(extract(grid)), passes=2))
    mesh = timed("simplify", lambda: simplify(dense, faces))
    mapping, indices, uvs = timed("unwrap", lambda: xatlas.parametrize(mesh.vertices, mesh.faces.astype(np.uint32)))
    timed("bake", lambda: _plain_bake(fields, mesh.vertices[mapping], indices.astype(np.int64), uvs, texture_size))
    return seconds


def _plain_bake(fields: Fields, vertices: np.ndarray, faces: np.ndarray, uvs: np.ndarray, size: int) -> np.ndarray:
    """Every texel found by looking at each triangle's box, pulled on to the surface and given a normal with point
    queries."""
    image = np.zeros((size, size, 3), dtype=np.float32)
    pixels = uvs * size
    where, places = [], []
    for face in faces:
        a, b, c = pixels[face]
        low = np.maximum(np.floor(np.minimum(np.minimum(a, b), c)).astype(int), 0)
        high = np.minimum(np.ceil(np.maximum(np.maximum(a, b), c)).astype(int), size)
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-12 or not x.size:
            continue
        v = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area
        w = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area
        inside = (v >= 0) & (w >= 0) & (v + w <= 1)
        v, w = v[inside], w[inside]
        corner = vertices[face]
        places.append((1 - v - w)[:, None] * corner[0] + v[:, None] * corner[1] + w[:, None] * corner[2])
        where.append(np.stack([size - 1 - y[inside].astype(int), x[inside].astype(int)], 1))
    points, texel = np.concatenate(places).astype(np.float32), np.concatenate(where)
    step = 0.01
    for start in range(0, len(points), 65536):
        part = points[start : start + 65536]
        shift = np.eye(3, dtype=np.float32) * step
        normal = np.stack([fields.sdf(part + s) - fields.sdf(part - s) for s in shift], 1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        part = part - np.clip(fields.sdf(part), -0.03, 0.03)[:, None] * normal
        rows, columns = texel[start : start + 65536].T
        image[rows, columns] = fields.color(part)
    return image


def as_table(result: dict[str, Any]) -> str:
    """The result as lines to read."""
    lines = [f"{'stage':<12}{'ours, s':>10}{'plain, s':>10}"]
    for name, seconds in result["stages"].items():
        plain = result["plain"].get(name)
        lines.append(f"{name:<12}{seconds:>10.3f}{'' if plain is None else format(plain, '10.3f'):>10}")
    lines.append(f"{'total':<12}{result['total_s']:>10.3f}")
    if result["plain_over_ours"] is not None:
        lines.append(f"after the network, the plain way takes {result['plain_over_ours']:.1f} times as long")
    if "cold_start_s" in result:
        lines.append(f"from a cold start (Python, imports, model, first result): {result['cold_start_s']:.1f} s")
    lines.append(f"median of {result['runs']} warm runs, peak memory of the process {result['peak_memory_mib']} MiB")
    return "\n".join(lines)


def cold_start(model: str = "small", device: str = "auto") -> float:
    """Seconds from nothing to the first result, in a process of its own: start Python, import, load, generate."""
    code = (
        "import sys; from latte3d_core import Latte3D; "
        "Latte3D.from_pretrained(sys.argv[1], sys.argv[2]).generate(sys.argv[3])"
    )
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, model, device, PROMPTS[0]], check=True, capture_output=True)
    return time.perf_counter() - begin
