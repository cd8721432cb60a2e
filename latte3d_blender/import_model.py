"""Taking in a model file: checked as the core checks it, copied into the folder for models. No bpy at the top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .atomic import replacing
from .tasks import Placed, Task
from .translations import tr

if TYPE_CHECKING:
    from latte3d_core.progress import Progress

    from .jobs import Job

#: Bytes that are copied between two looks at whether the job was cancelled.
PIECE = 4 << 20


@dataclass(frozen=True)
class Imported:
    """A model file in the folder for models."""

    path: Path
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImportModelTask(Task):
    """Copy the model file ``source`` into ``folder`` and choose it.

    A file of the same name with the same content is not copied again; other content gets a number.
    """

    needs_generator: ClassVar[bool] = False

    source: Path
    folder: Path

    @property
    def title(self) -> str:
        return tr("Import {name}").format(name=self.source.name)

    def run(self, generator: None, progress: Progress) -> Imported:
        from latte3d_core.checkpoint import load_checkpoint, read_header
        from latte3d_core.errors import OutputError

        with progress.stage("load"):
            header = read_header(self.source)
            load_checkpoint(self.source)  # the whole of it: its checksum, and that this version can use it
            target = self._target(header.get("sha256"))
            if not target.exists():
                try:
                    self._copy(target, progress)
                except OSError as error:
                    raise OutputError(
                        f"{target} cannot be written: {error.strerror}; free space or choose another folder for models "
                        "in the preferences."
                    ) from error
        return Imported(target, seconds=dict(progress.seconds))

    def _target(self, digest: Any) -> Path:
        from latte3d_core.checkpoint import read_header
        from latte3d_core.errors import CheckpointError

        number = 1
        while True:
            name = self.source.name if number == 1 else f"{self.source.stem} {number}{self.source.suffix}"
            target = self.folder / name
            try:
                if not target.exists() or read_header(target).get("sha256") == digest:
                    return target
            except CheckpointError:
                pass  # something else bears this name
            number += 1

    def _copy(self, target: Path, progress: Progress) -> None:
        size = max(1, self.source.stat().st_size)
        with self.source.open("rb") as source, replacing(target, flush=True) as sink:
            while piece := source.read(PIECE):
                sink.write(piece)
                progress.check(sink.tell() / size)

    def place(self, context: Any, job: Job, result: Imported) -> Placed:
        from .preferences import choose_model

        choose_model(context, str(result.path))
        text = tr("The model “{name}” is imported and chosen").format(name=result.path.stem)
        return Placed((result.path.stem,), text, undo=False)
