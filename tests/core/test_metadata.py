"""numpy without metadata, as Blender may carry it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import importlib.metadata, sys
sys.path.append(sys.argv[1])
from latte3d_core._metadata import ensure_numpy_metadata
ensure_numpy_metadata()
ensure_numpy_metadata()
import numpy
assert importlib.metadata.version("numpy") == numpy.__version__
found = list(importlib.metadata.distributions(name="numpy"))
print(found[0].metadata["Name"], len(found))
try:
    importlib.metadata.version("scipy")
except importlib.metadata.PackageNotFoundError:
    print("others are not there")
"""


def run(tmp_path: Path, names: list[str]) -> str:
    """With a folder that holds links to these of the installed files, and no other packages."""
    site = Path(numpy.__file__).parents[1]
    for name in names:
        for path in site.glob(name):
            (tmp_path / path.name).symlink_to(path)
    done = subprocess.run(
        [sys.executable, "-S", "-c", CODE, str(ROOT)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_bare_package_gets_metadata_once_and_no_other_package_any(tmp_path: Path) -> None:
    assert run(tmp_path, ["numpy", "numpy.libs"]) == "numpy 1\nothers are not there\n"


def test_metadata_that_is_there_stays(tmp_path: Path) -> None:
    assert run(tmp_path, ["numpy", "numpy.libs", "numpy-*.dist-info"]) == "numpy 1\nothers are not there\n"
