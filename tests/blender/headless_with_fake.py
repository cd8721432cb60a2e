"""Runs latte3d_blender/headless.py with the stand-in instead of the generator; started by test_headless.py."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

import fake_core  # noqa: E402

from latte3d_blender import headless  # noqa: E402

fake_core.install()
status = headless.main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
