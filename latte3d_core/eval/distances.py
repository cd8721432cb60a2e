"""Distances between two sets of features, each a sample of a distribution."""

from __future__ import annotations

import numpy as np

from latte3d_core.errors import SettingError
from latte3d_core.eval.protocol import KERNEL_DEGREE


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Fréchet inception distance (arXiv 1706.08500): squared, of the normal distributions fitted to two sets of
    features (N, D) and (N, D).

    It is biased: few samples make it larger, below some 2,000 by much. Only distances of equal counts compare, hence
    one count for both; ``kernel_distance`` belongs beside it.

    Raises:
        SettingError: the counts differ, or there are fewer than two rows.
    """
    first, second = _two_sets(first, second)
    if len(first) != len(second):
        raise SettingError(
            f"Fréchet distances compare at equal counts only, not {len(first)} with {len(second)}; drop what is over."
        )
    return frechet_of_normals(
        first.mean(0), np.atleast_2d(np.cov(first, rowvar=False)),
        second.mean(0), np.atleast_2d(np.cov(second, rowvar=False)),
    )  # fmt: skip


def frechet_of_normals(
    first_mean: np.ndarray, first_cov: np.ndarray, second_mean: np.ndarray, second_cov: np.ndarray
) -> float:
    """|m - n|² + tr(A + B - 2 (A B)^½) of two normal distributions, means (D,) and covariances (D, D) float64.

    The root's trace is taken from the symmetric A^½ B A^½, which has the same eigenvalues as A B.
    """
    values, vectors = np.linalg.eigh(first_cov)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    inner = root @ second_cov @ root
    common = np.sqrt(np.linalg.eigvalsh((inner + inner.T) / 2).clip(min=0)).sum()
    apart = ((first_mean - second_mean) ** 2).sum()
    return float(max(0.0, apart + np.trace(first_cov) + np.trace(second_cov) - 2 * common))


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Kernel inception distance (arXiv 1801.01401): the unbiased squared maximum mean discrepancy of two sets of
    features (N, D) and (M, D) under the kernel (x·y / D + 1)³. Sets of one distribution give about 0, of either sign.

    Raises:
        SettingError: a set has fewer than two rows.
    """
    first, second = _two_sets(first, second)
    n, m = len(first), len(second)
    own, other = _kernel(first, first), _kernel(second, second)
    within = (own.sum() - own.trace()) / (n * (n - 1)) + (other.sum() - other.trace()) / (m * (m - 1))
    return float(within - 2 * _kernel(first, second).mean())


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a @ b.T / a.shape[1] + 1) ** KERNEL_DEGREE


def _two_sets(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if min(len(first), len(second)) < 2:
        raise SettingError("A distance between sets of pictures needs two pictures or more on each side.")
    return first.astype(np.float64), second.astype(np.float64)
