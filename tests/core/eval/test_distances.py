"""Fréchet and kernel distances against closed forms and the sums that define them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core.errors import SettingError
from latte3d_core.eval.distances import frechet_distance, frechet_of_normals, kernel_distance


def _rotation(rng: np.random.Generator, width: int) -> np.ndarray:
    return np.linalg.qr(rng.standard_normal((width, width)))[0]


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_frechet_of_normals_with_common_axes(width: int, seed: int) -> None:
    # Covariances with the same eigenvectors commute: the distance is a sum over the axes.
    rng = np.random.default_rng(seed)
    axes, (m, n), (a, b) = _rotation(rng, width), rng.standard_normal((2, width)), rng.uniform(0, 3, (2, width))
    expected = ((m - n) ** 2).sum() + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    found = frechet_of_normals(m, (axes * a) @ axes.T, n, (axes * b) @ axes.T)
    assert found == pytest.approx(expected, abs=1e-6)


def test_frechet_of_normals_in_the_plane() -> None:
    # For 2 × 2 matrices tr((A B)^½) = sqrt(tr(A B) + 2 sqrt(det(A B))), whether they commute or not.
    rng = np.random.default_rng(0)
    a, b = (m @ m.T for m in rng.standard_normal((2, 2, 2)))
    root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    zero = np.zeros(2)
    assert frechet_of_normals(zero, a, zero, b) == pytest.approx(np.trace(a) + np.trace(b) - 2 * root)
    assert frechet_of_normals(zero, b, zero, a) == pytest.approx(np.trace(a) + np.trace(b) - 2 * root)


def test_frechet_distance_of_samples_nears_that_of_their_distributions() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((20000, 3)), rng.standard_normal((20000, 3)) * [1, 2, 3] + [0, 0, 1]
    assert frechet_distance(first, second) == pytest.approx(0 + 1 + 4 + 1, rel=0.03)


@given(st.integers(2, 40), st.integers(1, 24), st.integers(0, 2**32 - 1))
def test_frechet_distance_of_a_set_with_itself_is_zero(count: int, width: int, seed: int) -> None:
    # Also where there are fewer samples than features, so that the covariance has no inverse.
    features = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)
    assert frechet_distance(features, features[::-1]) == pytest.approx(0, abs=1e-5)


def test_frechet_distance_knows_no_direction() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 50, 8)) * rng.uniform(0.5, 2, (2, 1, 8))
    turn, plain = _rotation(rng, 8), frechet_distance(first, second + 1)
    assert plain > 1
    assert frechet_distance(first @ turn + 5, (second + 1) @ turn + 5) == pytest.approx(plain)
    assert frechet_distance(second + 1, first) == pytest.approx(plain)


def test_frechet_distance_compares_equal_counts_only() -> None:
    rows = np.zeros((4, 2))
    with pytest.raises(SettingError, match="not 4 with 3"):
        frechet_distance(rows, rows[:3])
    for distance in (frechet_distance, kernel_distance):
        with pytest.raises(SettingError, match="two pictures or more"):
            distance(rows[:1], rows[:1])


def test_kernel_distance_is_zero_for_one_distribution_and_grows() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 400, 16))
    near, far = kernel_distance(a, b), kernel_distance(a, b + 1.5)
    assert abs(near) < 0.05 < far


@given(st.integers(2, 12), st.integers(2, 12), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_kernel_distance_is_the_double_sum_that_defines_it(n: int, m: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, width)), rng.standard_normal((m, width)) + 0.5
    kernel = lambda x, y: (x @ y / width + 1) ** 3  # noqa: E731
    within = sum(kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / (n * (n - 1))
    within += sum(kernel(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j) / (m * (m - 1))
    between = sum(kernel(x, y) for x in a for y in b) / (n * m)
    assert kernel_distance(a, b) == pytest.approx(within - 2 * between, rel=1e-6, abs=1e-8)


def test_kernel_distance_has_no_bias() -> None:
    # Many small sets of one distribution: their mean is 0, which that of the biased form (with i = j) is not.
    rng = np.random.default_rng(0)
    found = [kernel_distance(*rng.standard_normal((2, 5, 4))) for _ in range(3000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
