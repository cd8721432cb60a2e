"""UVs for a finished mesh, in two ways.

``fast``: box charts and packing of our own (about 0.15 s at 5,000 faces).
``careful``: everything by xatlas: fewer seams and less stretch, but 0.5 s at 5,000 faces and minutes at 100,000. Its
Python binding holds the interpreter lock all that time and knows no cancelling, so it runs in a child process that
can be killed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from latte3d_core.errors import SettingError
from latte3d_core.mesh import charts
from latte3d_core.mesh.check import uv_overlap
from latte3d_core.mesh.pack import pack
from latte3d_core.mesh.types import Mesh
from latte3d_core.progress import Progress

_log = logging.getLogger(__name__)

METHODS = ("fast", "careful")

#: Texels left free around each chart, by texture size: enough for three levels of mip-mapping at 1024.
_PADDING_SHARE = 1.0 / 256.0

#: Share of the covered texels that may lie under two faces.
MAX_OVERLAP = 0.001

#: Seconds between two looks at the child process.
_POLL_S = 0.05

_WORKER = Path(__file__).with_name("xatlas_worker.py")


def padding_px(texture_size: int) -> int:
    """Texels that stay free between charts, and that a bake has to fill around each of them."""
    return max(2, round(texture_size * _PADDING_SHARE))


def _uv_area(uvs: np.ndarray) -> np.ndarray:
    """(F,) float64: twice the signed area of each triangle of (F, 3, 2) UVs."""
    a, b, c = (uvs[:, k].astype(np.float64) for k in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def problem(uvs: np.ndarray, texture_size: int) -> str | None:
    """What is wrong with a layout, in words, or None: NaN, UVs outside [0, 1], faces without area, overlaps."""
    if not np.isfinite(uvs).all():
        return "some UVs are not numbers"
    if uvs.min(initial=0.0) < 0.0 or uvs.max(initial=1.0) > 1.0:
        return "some UVs lie outside the texture"
    if (_uv_area(uvs) == 0.0).any():
        return "some faces have no place on the texture"
    overlap = uv_overlap(uvs, texture_size)
    if overlap > MAX_OVERLAP:
        return f"{overlap:.2%} of the texels are used twice"
    return None


def unwrap_fast(mesh: Mesh, texture_size: int) -> np.ndarray:
    """Box charts, packed: see `unwrap`."""
    flat, chart, count = charts.cut(mesh, texture_size)
    return pack(flat, chart, count, texture_size, padding_px(texture_size))


def _folder_of(package: str) -> str:
    """The folder that holds a package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise OSError(f"the package {package} is not installed")
    origin = Path(spec.origin)
    return str(origin.parent.parent if origin.name.startswith("__init__.") else origin.parent)


def _unwrap_in_child(mesh: Mesh, texture_size: int, deadline_s: float, progress: Progress) -> np.ndarray | str:
    """Run xatlas in a child process: the UVs, or in words why there are none. ``Cancelled`` kills the child."""
    with tempfile.TemporaryDirectory(prefix="latte3d-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "mesh.npz"), Path(folder, "uvs.npy")
        try:
            np.savez(source, vertices=mesh.vertices.astype(np.float32), faces=mesh.faces.astype(np.uint32))
            places = dict.fromkeys(_folder_of(package) for package in ("numpy", "xatlas"))
            command = [sys.executable, "-I", str(_WORKER), str(source), str(target), str(texture_size)]
            child = subprocess.Popen(
                [*command, str(padding_px(texture_size)), *places],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # No console window may flash up behind Blender on Windows.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            return f"it could not be started ({error})"
        try:
            begin = time.monotonic()
            while child.poll() is None:
                progress.check()
                if time.monotonic() - begin > deadline_s:
                    return f"it took longer than {deadline_s:g} s"
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_POLL_S)
        finally:
            child.kill()
            _, complaint = child.communicate()
        if child.returncode != 0:
            _log.debug("xatlas worker: %s", complaint.decode(errors="replace"))
            return f"it stopped with code {child.returncode}"
        try:
            uvs = np.load(target)
        except (OSError, ValueError) as error:
            return f"its result could not be read ({error})"
    if uvs.shape != (len(mesh.faces), 3, 2):
        return "it left faces out"
    return problem(uvs, texture_size) or uvs


def unwrap(
    mesh: Mesh,
    method: str = "fast",
    texture_size: int = 1024,
    deadline_s: float = 20.0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Lay the surface of a mesh out flat.

    Arguments:
        mesh: closed, two-manifold, consistently wound, core frame.
        method: "fast" or "careful" (see the module); "careful" falls back to "fast", with a warning in ``progress``,
            if the child process cannot be started, fails, or is not done after ``deadline_s`` seconds.
        texture_size: texels along the side of the texture to come; it sets the space between charts.
        progress: asked every 50 ms whether to stop while the child process runs.

    Returns:
        (F, 3, 2) float32 UVs in [0, 1], origin at the bottom left, one per face corner; every face has an area, texel
        density is about equal everywhere, and at most 0.1 % of the covered texels lie under two faces.

    Raises:
        SettingError: an unknown method. Cancelled: as asked for.
    """
    if method not in METHODS:
        raise SettingError(f"The unwrap method must be one of {', '.join(METHODS)}, not {method!r}.")
    progress = progress or Progress()
    if method == "careful":
        answer = _unwrap_in_child(mesh, texture_size, deadline_s, progress)
        if not isinstance(answer, str):
            return answer
        progress.warn(f"The careful unwrap was replaced by the fast one because {answer}.")
    progress.check()
    return unwrap_fast(mesh, texture_size)
