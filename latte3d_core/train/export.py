"""From a training run to a model file: averaged weights, templates, and what the data's licences ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latte3d_core.checkpoint import save_checkpoint
from latte3d_core.data.prepare import Prepared
from latte3d_core.files import write_atomically
from latte3d_core.model.spelling import vocabulary
from latte3d_core.model.templates import Templates, build_templates
from latte3d_core.train.pretrain import Pretrainer
from latte3d_core.train.stage1 import Stage1Trainer
from latte3d_core.train.stage2 import Stage2Trainer

_LICENCE_TEXTS = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-3.0-US": "https://creativecommons.org/licenses/by/3.0/us/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "MIT-0": "https://opensource.org/license/mit-0",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "BSD-3-Clause": "https://opensource.org/license/bsd-3-clause",
}


def templates_of(run: Pretrainer | Stage1Trainer | Stage2Trainer) -> Templates:
    """The table of all the run's assets (some minutes for three thousand)."""
    captions = [caption for p in run.prepared for caption in p.asset.captions]
    parts = [run.captions.encoder.encode(captions[n : n + 64])[2].numpy() for n in range(0, len(captions), 64)]
    ends = np.cumsum([len(p.asset.captions) for p in run.prepared])
    return build_templates(run.prepared, np.split(np.concatenate(parts), ends[:-1]))


def export(run: Pretrainer | Stage1Trainer | Stage2Trainer, templates: Templates, path: str | Path) -> str:
    """Write the run's averaged weights as a model file; returns its digest. The attribution list is written beside it
    as ``<name>.ATTRIBUTION.md``."""
    path = Path(path)
    info: dict[str, Any] = {
        "name": path.stem,
        "step": run.step,
        "samples": run.step * run.settings.batch,
        "licences": dict(Counter(p.asset.licence or "unknown" for p in run.prepared).most_common()),
        "attribution": f"{path.stem}.ATTRIBUTION.md",
        "words": vocabulary(caption for p in run.prepared for caption in p.asset.captions),
    }
    digest = save_checkpoint(path, run.averaged(), templates, info)
    write_atomically(path.with_name(info["attribution"]), attribution(run.prepared, path.stem).encode())
    return digest


def attribution(prepared: Sequence[Prepared], name: str) -> str:
    """The list of authors and licences of the training assets, as Markdown."""
    rows = Counter(
        (p.asset.author or "unknown", p.asset.licence or "unknown", _collection(p.asset.source)) for p in prepared
    )
    lines = [
        f"# Training data of the model “{name}”",
        "",
        f"The model was trained on {len(prepared)} captioned 3D assets and carries their shapes and palettes as",
        "templates. All were changed: recentred, rescaled, simplified, recoloured in training, turned into weights,",
        "voxels and palettes.",
        "",
        "Licence texts:",
        "",
        *(f"- {licence}: {address}" for licence, address in _LICENCE_TEXTS.items()),
        "",
        "| author | licence | collection | assets |",
        "| --- | --- | --- | --- |",
    ]
    cells = lambda texts: " | ".join(t.replace("|", "/").replace("\n", " ") for t in texts)  # noqa: E731
    lines += [
        f"| {cells(key)} | {count} |" for key, count in sorted(rows.items(), key=lambda r: (r[0][1], -r[1], r[0]))
    ]
    return "\n".join(lines) + "\n"


def _collection(source: str) -> str:
    """The collection that an asset's source begins with: "owner/repository:path" or "collection / item"."""
    return source.split(":", 1)[0].split(" / ", 1)[0].strip() or "unknown"
