"""Decimation to a face budget that always leaves a sound mesh.

`fast-simplification` is quick and good, but it collapses edges without asking whether the surface survives it: thin
plates, rods and many handles come out with edges of four faces. So its result is checked, and where it is broken the
merges that broke it are taken back; what is then over the budget goes with our own collapse, which cannot break the
mesh. Where even that does not help, our own collapse goes all the way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import fast_simplification
import numpy as np

from latte3d_core.errors import SettingError, SurfaceError
from latte3d_core.mesh.check import check, coincident, degenerate, faults
from latte3d_core.mesh.clean import compact
from latte3d_core.mesh.collapse import collapse
from latte3d_core.mesh.types import Mesh

_log = logging.getLogger(__name__)

#: Smallest budget that can be asked for.
MIN_FACES = 100

#: Where a budget is too small for the library to be mended, it goes to these multiples of the budget instead.
_STOPS = (1, 5, 25)

#: Faces that one call of the library takes away at most. It holds Python's lock all the while, some 20 ms for so many;
#: between two calls other threads, Blender's own among them, get their turn.
_AT_ONCE = 30_000

#: How many times the library's result is mended before it is given up.
_ROUNDS = 12


class _Decimated:
    """What the library made of a mesh, and which vertices it merged into which."""

    def __init__(self, mesh: Mesh, faces: int) -> None:
        self.source = mesh
        self._calls: list[tuple[np.ndarray, np.ndarray]] = []  # faces that went in, pairs (kept, merged into it)
        places, corners = mesh.vertices, mesh.faces
        while True:
            goal = max(faces, len(corners) - _AT_ONCE)
            given = corners
            places, corners, merged = fast_simplification.simplify(
                places, given, target_count=goal, return_collapses=True
            )
            self._calls.append((given, merged))
            # At a goal that it cannot reach the library stops early, and would again.
            if goal == faces or len(corners) == len(given):
                break
        self.result = compact(places.astype(np.float32), corners.astype(np.int32))
        self._places = places

    def mended(self, limit: int) -> Mesh | None:
        """The result with every group of merged vertices at which it is broken taken apart again.

        None if that is in vain or leaves more than ``limit`` faces.

        The library's faces are the given mesh's faces with each vertex replaced by the one it was merged into, so
        single groups can be left out: the mesh then keeps its full detail there, and its soundness.
        """
        mesh = self.source
        group = np.arange(len(mesh.vertices))
        names = group.copy()  # of the vertices that a call was given, in the given mesh
        for given, merged in self._calls:
            step = np.arange(len(names))
            step[merged[:, 1]] = merged[:, 0]
            step = _followed(step)
            group[names] = names[step]
            names = names[np.unique(_without_lines(step[given]))]
        group = _followed(group)
        places = mesh.vertices.copy()
        places[names] = self._places
        apart = np.zeros(len(group), dtype=bool)  # vertices whose group is taken apart
        for _ in range(_ROUNDS):
            name = np.where(apart, np.arange(len(group)), group)
            corners = _without_lines(name[mesh.faces])
            if len(corners) > limit:
                break
            tried = compact(np.where(apart[:, None], mesh.vertices, places), corners)
            bad = faults(tried)
            if not bad.any():
                return tried
            named = np.zeros(len(group), dtype=bool)
            named[np.unique(corners)[bad]] = True
            apart |= named[name]
        return None


def _followed(step: np.ndarray) -> np.ndarray:
    """Where each index ends that goes on to ``step`` of it until it stays."""
    while not np.array_equal(step[step], step):
        step = step[step]
    return step


def _without_lines(corners: np.ndarray) -> np.ndarray:
    """The faces whose three corners differ."""
    a, b, c = corners.T
    return corners[(a != b) & (b != c) & (c != a)]


def _nudge(mesh: Mesh) -> Mesh:
    """Move vertices that share a place (two sheets that touch), or that lie on a line with their neighbours, a little.

    The moves are at random from a fixed seed, some rounding steps long at first and then longer.
    """
    random = np.random.default_rng(0)
    for attempt in range(1, 9):
        bad = coincident(mesh)
        bad[mesh.faces[degenerate(mesh)]] = True
        if not bad.any():
            break
        vertices = mesh.vertices.copy()
        vertices[bad] += random.normal(scale=attempt * 1e-5, size=(int(bad.sum()), 3)).astype(np.float32)
        mesh = Mesh(vertices, mesh.faces)
    return mesh


def simplify(mesh: Mesh, faces: int, cancel_check: Callable[[], None] = lambda: None) -> Mesh:
    """Reduce a mesh to at most ``faces`` triangles.

    Arguments:
        mesh: closed, two-manifold, consistently wound, core frame.
        faces: the budget, 100 or more. cancel_check: called now and then; may raise to stop.

    Returns:
        a mesh for which ``check(...).ok`` holds; very small handles and pieces may be gone. It has more than ``faces``
        triangles only where the shape has so many pieces or handles that fewer would tear it or turn faces over:
        compare ``len(result.faces)`` with the budget.

    Raises:
        SettingError: a budget below 100. SurfaceError: the given mesh is itself broken and cannot be mended.
    """
    if faces < MIN_FACES:
        raise SettingError(f"A mesh needs a budget of at least {MIN_FACES} faces, not {faces}; ask for more.")
    if len(mesh.faces) <= faces:
        result = _nudge(mesh)
    else:
        start = mesh
        for stop in _STOPS:
            if stop * faces >= len(mesh.faces):
                break
            cancel_check()
            decimated = _Decimated(mesh, stop * faces)
            if stop == 1 and check(decimated.result).ok:
                return decimated.result
            mended = decimated.mended(limit=2 * stop * faces)
            if mended is not None:
                start = mended
                break
        _log.debug("decimation to %d faces broke the mesh; collapsing from %d", faces, len(start.faces))
        result = _nudge(collapse(start, faces, cancel_check))
    report = check(result)
    if not report.ok:
        _log.debug("%s", report)
        raise SurfaceError("The surface is too tangled to be made into a clean mesh; try other words or another seed.")
    return result
