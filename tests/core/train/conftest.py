"""Processes for the tests that need several, or one to kill."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside this file


@pytest.fixture(scope="session")
def children() -> ForkServerContext:
    """Starts processes that have torch and the text encoder's library imported already; that takes many seconds."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("processes cannot be forked here")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["latte3d_core.train.stage1", "transformers.models.bert.modeling_bert"])
    return context
