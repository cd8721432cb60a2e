"""Which template a prompt is shown."""

from __future__ import annotations

import numpy as np
import pytest

from latte3d_core.data.colours import nearest_name
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.targets import Targets, voxel_index
from latte3d_core.model.templates import (
    CHOICES,
    SIDE,
    Templates,
    _labels_of_cells,
    _told,
    build_templates,
    visible_area,
)


def _table(rows: np.ndarray, owners: list[int]) -> Templates:
    """Templates with these caption embeddings and no shapes."""
    nothing = np.zeros(0, np.uint8)
    count = max(owners) + 1
    return Templates(
        ("prop",) * count, nothing, nothing, nothing, nothing, np.zeros((count, 1, 3), np.uint8),
        np.round(rows * 127).astype(np.int8), np.arange(len(owners), dtype=np.int32), np.array(owners, dtype=np.int32),
    )  # fmt: skip


def _unit(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float64) / np.linalg.norm(numbers)


def test_the_subject_outweighs_the_material() -> None:
    bricks, bottle = _unit(1, 0, 0.1), _unit(0, 1, 0.1)
    table = _table(np.stack([bricks, bottle]), [0, 1])
    prompt = _unit(1.2, 1, 0)  # "a bottle made of bricks" lies nearer to the bricks
    assert table.likeness(prompt).argmax() == 0
    assert table.choose(prompt, bottle, 0)[0] == 1
    assert table.choose(prompt, prompt, 0)[0] == 0


def test_a_caption_of_its_own_wins() -> None:
    table = _table(np.stack([_unit(1, 0), _unit(0, 1)]), [0, 1])
    index, likeness = table.choose(_unit(1, 0), _unit(0, 1), 0)
    assert index == 0 and likeness > 0.99


def test_seeds_choose_among_the_near_ones_and_never_the_first() -> None:
    rows = np.stack([_unit(1, 0.1 * n, 0) for n in range(6)] + [_unit(0, 0, 1)])
    table = _table(rows, list(range(7)))
    prompt = _unit(1, 0.01, 0)
    assert table.choose(prompt, prompt, 0)[0] == 0
    chosen = {table.choose(prompt, prompt, seed)[0] for seed in range(1, 60)}
    assert chosen == {1, 2, 3, 4, 5}
    assert table.choose(prompt, prompt, 7) == table.choose(prompt, prompt, 7)
    lonely = _table(rows[:1], [0])
    assert lonely.choose(prompt, prompt, 5)[0] == 0
    many = _table(np.stack([_unit(1, 0.001 * n) for n in range(40)]), list(range(40)))
    start = _unit(1, 0)
    assert max(many.choose(start, start, seed)[0] for seed in range(200)) == CHOICES - 1


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_outer_of_two_walls_gives_a_cell_its_colour(order: list[int]) -> None:
    points = np.array([[0.002, 0.01, 0.01], [0.028, 0.01, 0.01]], dtype=np.float16)[order]  # one 64³ cell
    nothing = np.zeros(0)
    targets = Targets(
        points=points, point_colors=nothing, point_labels=np.array([3, 7], np.uint8)[order],
        point_normals=np.array([[127, 0, 0]] * 2, np.int8), queries=nothing, sdf=nothing, query_colors=nothing,
        query_labels=nothing, query_normals=nothing, palette=nothing, occupancy=nothing, surface=nothing,
    )  # fmt: skip
    surface = np.zeros((SIDE,) * 3, dtype=bool)
    surface.ravel()[voxel_index(points.astype(np.float32), SIDE)] = True
    assert _labels_of_cells(surface, targets).tolist() == [7]


def test_of_two_colours_the_one_that_is_there_stays() -> None:
    green, brown, black = ([0.2, 0.6, 0.22], [0.45, 0.27, 0.13], [0.08, 0.08, 0.09])
    plant = np.array([brown, green, black], dtype=np.float32)
    counts = np.array([60, 30, 10])
    names = lambda palette: [nearest_name(color) for color in palette]  # noqa: E731
    assert names(_told(plant, counts, ["green", "red"])) == ["red", "green", "black"]
    assert names(_told(plant, counts, ["brown", "green"])) == ["brown", "green", "black"]
    assert names(_told(plant, counts, ["blue", "red"])) == ["blue", "red", "black"]
    assert names(_told(plant, counts, ["blue"])) == ["blue", "green", "black"]
    np.testing.assert_array_equal(_told(plant, counts, ["brown"]), plant)
    np.testing.assert_array_equal(_told(plant[:1], counts[:1], ["brown", "red"]), plant[:1])


def test_a_caption_that_two_share_is_kept_once(prepared: list[Prepared]) -> None:
    a, b, c = _unit(1, 0, 0), _unit(0, 1, 0), _unit(0, 0, 1)
    table = build_templates(prepared[:2], [np.stack([a, b]), np.stack([b, c])])
    assert len(table.embeddings) == 3
    for caption, expected in ((a, [1, 0]), (b, [1, 1]), (c, [0, 1])):
        np.testing.assert_allclose(table.likeness(caption), expected, atol=0.01)


def test_what_is_below_and_within_is_not_seen() -> None:
    side = 8
    grid = np.zeros((side,) * 3, dtype=bool)
    grid[2:5, 2:5, 2:5] = True
    cells = np.flatnonzero(grid)
    seen = np.zeros(side**3, dtype=int)
    seen[cells] = visible_area(cells, side)
    seen = seen.reshape(grid.shape)
    assert seen[3, 3, 3] == 0 and seen[3, 2, 3] == 0  # the middle, and the middle of the lower side
    assert seen[3, 4, 3] == 1 and seen[2, 3, 3] == 1
    assert seen[2, 4, 2] == 3 and seen[2, 2, 2] == 2  # corners
    assert seen.sum() == 5 * 9
