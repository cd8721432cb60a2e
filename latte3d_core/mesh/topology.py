"""Who touches whom: half-edge twins, rings of corners and connected components, all without loops over faces.

Half-edge ``h = 3 * f + i`` runs from corner i of face f to corner i + 1; corner ``h`` is where it starts.
"""

from __future__ import annotations

import numpy as np


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
