"""What every test shares: fixed random numbers, and a suite that still runs where torch is not installed."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

TORCH_MISSING = importlib.util.find_spec("torch") is None
NEEDS_TORCH = "torch is not installed"

# The same examples at every run, and no deadline: a busy machine is not a failure.
settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("fixed")

# The text encoder is loaded from a folder; no test may reach for the network.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def _fixed_seeds() -> None:
    """Every test starts from the same random numbers, in whatever order the tests run."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - third-party code draws from the global generator
    # Not imported for its own sake, which takes seconds; a torch imported later starts from a fixed seed anyway.
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def _lacks_torch(error: BaseException | None) -> bool:
    """True if the error, or one that it was raised from, says that torch is missing."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "torch":
            return True
        error = error.__cause__ or error.__context__
    return False


class _TorchlessModule(pytest.Module):
    """A test file whose imports may fail for want of torch; it is then skipped as a whole."""

    def collect(self):  # type: ignore[no-untyped-def]
        try:
            return super().collect()
        except self.CollectError as error:
            if "No module named 'torch" in str(error):
                pytest.skip(NEEDS_TORCH, allow_module_level=True)
            raise


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Where torch is missing, test files that import it are skipped instead of failing."""
    return _TorchlessModule.from_parent(parent, path=module_path) if TORCH_MISSING else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Where torch is missing, tests that come to need it are skipped instead of failing."""
    try:
        return (yield)
    except Exception as error:
        if TORCH_MISSING and _lacks_torch(error):
            pytest.skip(NEEDS_TORCH)
        raise
