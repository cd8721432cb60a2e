"""What the commands of ``latte3d`` share."""

from __future__ import annotations

from pathlib import Path

from latte3d_core.errors import OutputError, SettingError


def at_least(values: object, least: int, *names: str) -> None:
    """Refuse numbers that are too small; what was not given (None) passes."""
    for name in names:
        value = getattr(values, name)
        if value is not None and not value >= least:  # also refuses not-a-number
            raise SettingError(f"--{name.replace('_', '-')} must be at least {least}.")


def make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {path} cannot be made: {error.strerror}.") from error
