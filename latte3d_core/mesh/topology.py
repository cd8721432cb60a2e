"""Who touches whom: half-edge twins, rings of corners and connected components, all without loops over faces.

Half-edge ``h = 3 * f + i`` runs from corner i of face f to corner i + 1; corner ``h`` is where it starts.
"""

from __future__ import annotations

import numpy as np

#: Faces on either side of one edge that are matched to each other, at most.
_MOST_SHEETS = 16


def half_edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end vertex of every half-edge, two (3 F,) int64 arrays, of (F, 3) faces."""
    start = faces.astype(np.int64).ravel()
    end = np.roll(faces.astype(np.int64), -1, axis=1).ravel()
    return start, end


def next_half_edge(count: int) -> np.ndarray:
    """(3 F,) int64: the half-edge that follows each one round its face, for F = ``count`` faces."""
    return np.roll(np.arange(3 * count).reshape(-1, 3), -1, axis=1).ravel()


def twins(faces: np.ndarray) -> np.ndarray | None:
    """(3 F,) int64: the half-edge in the opposite direction on the same edge, or None.

    None means that some edge does not have exactly one half-edge in each direction: the mesh is open there, has
    more than two faces there, or its winding changes.
    """
    start, end = half_edges(faces)
    low, high = np.minimum(start, end), np.maximum(start, end)
    span = int(high.max()) + 1 if len(high) else 1
    order = np.argsort(low * span + high, kind="stable")
    if len(order) % 2:
        return None
    a, b = order[0::2], order[1::2]
    key = (low * span + high)[order]
    if (key[0::2] != key[1::2]).any() or (key[1:-1:2] == key[2::2]).any() or (start[a] == start[b]).any():
        return None
    twin = np.empty(len(order), dtype=np.int64)
    twin[a], twin[b] = b, a
    return twin


def neighbours(faces: np.ndarray) -> np.ndarray:
    """(F, 3) int64: the face across each edge of faces (F, 3), or the face itself where none runs the other way.

    Where several sheets meet at an edge, the first face that passes it in one direction is a neighbour of the first
    that passes it in the other, and so on.
    """
    start, end = half_edges(faces)
    low, high = np.minimum(start, end), np.maximum(start, end)
    edge = low * (int(high.max()) + 1) + high
    sides = []
    for way in (start < end, start > end):
        half = np.flatnonzero(way)
        half = half[np.argsort(edge[half], kind="stable")]
        place = np.arange(len(half))
        first = np.diff(edge[half], prepend=-1) != 0
        rank = place - np.maximum.accumulate(np.where(first, place, 0))
        half, rank = half[rank < _MOST_SHEETS], rank[rank < _MOST_SHEETS]
        sides.append((half, edge[half] * _MOST_SHEETS + rank))
    (there, one), (back, other) = sides
    _, i, j = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    across = np.repeat(np.arange(len(faces)), 3)
    across[there[i]], across[back[j]] = back[j] // 3, there[i] // 3
    return across.reshape(-1, 3)


def components(count: int, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, int]:
    """Connected components of a graph.

    Rounds of hooking the root of each edge's larger end under that of its smaller one, then flattening the trees
    (after Shiloach and Vishkin): the number of rounds grows with the logarithm of the size.

    Arguments:
        count: number of nodes. a, b: (E,) integer ends of the edges.

    Returns:
        labels (count,) int64 in 0..n-1, numbered by the smallest node of each component, and n.
    """
    root = np.arange(count)
    a, b = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    while len(a):
        low, high = np.minimum(a, b), np.maximum(a, b)
        root[high] = low  # any one of several edges may win: the link always goes down, so there are no circles
        while True:
            above = root[root]
            if np.array_equal(above, root):
                break
            root = above
        a, b = root[a], root[b]
        apart = a != b
        a, b = a[apart], b[apart]
    names, labels = np.unique(root, return_inverse=True)
    return labels, len(names)
