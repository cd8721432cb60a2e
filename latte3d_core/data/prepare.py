"""Turn asset folders into cached training arrays, in parallel, and say what was skipped.

The cache holds one ``.npz`` an asset, named by the id and a key over the file's content and the settings, so that a
changed asset or setting is made anew and everything else is reused.
"""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from latte3d_core.data.gltf import ColouredTriangles, load_glb
from latte3d_core.data.manifest import Asset, read_manifest
from latte3d_core.data.targets import Targets, TargetSettings, make_targets
from latte3d_core.errors import AssetError, OutputError
from latte3d_core.files import write_atomically

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Prepared:
    """An asset with its cache file."""

    asset: Asset
    cache: Path

    def load(self) -> Targets:
        with np.load(self.cache) as arrays:
            return Targets(**arrays)


def gather(folders: Iterable[str | Path]) -> tuple[list[Asset], list[str]]:
    """All assets of several folders, with the problems of their manifests; ids are unique over all of them."""
    assets: dict[str, Asset] = {}
    problems: list[str] = []
    for folder in folders:
        found, bad = read_manifest(folder)
        problems += bad
        for asset in found:
            if asset.id in assets:
                problems.append(f"{asset.path}: the id {asset.id!r} is taken by {assets[asset.id].path}.")
            else:
                assets[asset.id] = asset
    return list(assets.values()), problems


def prepare(
    assets: Sequence[Asset],
    cache: str | Path,
    settings: TargetSettings | None = None,
    workers: int | None = None,
    report: str | Path | None = None,
) -> tuple[list[Prepared], list[str]]:
    """Make or find the cached targets of ``assets``.

    Arguments:
        cache: a folder, made if missing.
        workers: processes; default the number of cores; 1 runs in this process.
        report: where to write a JSON report of counts and problems.

    Returns:
        The prepared assets in the given order, and one sentence for each asset that was skipped.
    """
    settings = settings or TargetSettings()
    cache = make_cache(cache)
    results = run_jobs(_prepare_one, [(asset, cache, settings) for asset in assets], workers)
    prepared = [r for r in results if isinstance(r, Prepared)]
    problems = [r for r in results if isinstance(r, str)]
    for problem in problems:
        log.warning("skipped: %s", problem)
    if report is not None:
        text = json.dumps({"prepared": len(prepared), "skipped": problems, "settings": asdict(settings)}, indent=1)
        write_atomically(Path(report), (text + "\n").encode())
    return prepared, problems


def _prepare_one(job: tuple[Asset, Path, TargetSettings]) -> Prepared | str:
    asset, cache, settings = job
    try:
        return Prepared(
            asset, cached(asset, cache, settings, lambda shape, seed: make_targets(shape, settings, seed).arrays())
        )
    except AssetError as error:
        return f"{asset.id}: {error}"


def make_cache(cache: str | Path) -> Path:
    """The cache folder, made if missing."""
    cache = Path(cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The cache folder {cache} cannot be made: {error.strerror}.") from error
    return cache


def run_jobs(function: Callable[[Job], Result], jobs: Sequence[Job], workers: int | None) -> list[Result]:
    """``function`` of each job, in order, by ``workers`` processes (default: all cores; 1: this process)."""
    workers = min(workers or os.cpu_count() or 1, max(1, len(jobs)))
    if workers == 1:
        return [function(job) for job in jobs]
    results = []
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for result in pool.map(function, jobs, chunksize=8):
            results.append(result)
            if len(results) % 200 == 0:
                log.info("prepared %d of %d assets", len(results), len(jobs))
    return results


def cached(
    asset: Asset,
    cache: Path,
    settings: Any,  # a dataclass
    make: Callable[[ColouredTriangles, int], dict[str, np.ndarray]],
    kind: str = "",
) -> Path:
    """The cache file of an asset's arrays, made by ``make(triangles, seed)`` if it is not there yet.

    Arguments:
        settings: everything besides the asset's file that the arrays depend on; part of the file's key.
        kind: ends the file's name, where one asset has several files.
    """
    try:
        digest = hashlib.sha256(asset.path.read_bytes())
        digest.update(json.dumps(asdict(settings), sort_keys=True).encode())
        path = cache / f"{re.sub(r'[^A-Za-z0-9._-]', '_', asset.id)[:80]}-{digest.hexdigest()[:16]}{kind}.npz"
        if not path.exists():
            seed = int.from_bytes(hashlib.sha256(asset.id.encode()).digest()[:8], "big")
            arrays = make(load_glb(asset.path), seed)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            try:
                with temporary.open("wb") as stream:
                    np.savez(stream, **arrays)
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
        return path
    except OSError as error:
        raise OutputError(f"The cache {cache} cannot be written: {error.strerror}.") from error
