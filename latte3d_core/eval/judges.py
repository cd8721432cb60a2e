"""The networks that judge what captions of real assets give: likeness to the assets' pictures, agreement with words.

Objects are judged one by one as they are made, and their pictures let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from latte3d_core.eval.agreement import Matcher, agreement
from latte3d_core.eval.looks import Looks
from latte3d_core.eval.views import FeatureNet, Seen, compare, distances, mask_iou, see, together

#: The looks of one object, at a side of pictures in pixels.
Views = Callable[[int], Looks]


@dataclass(frozen=True)
class Judged:
    """The views of one object: what the feature network saw, and the matcher's unit vectors (V, E), if there is one."""

    seen: Seen
    embedded: np.ndarray | None


class Judges:
    """Judges of objects made from prompts, each the caption of one real asset.

    Arguments:
        net: its features are compared; matcher: embeds pictures and prompts, None where there is none.
        prompts: N captions; assets: the looks of the N assets they belong to, in the same order.
        references: (R, S, S, 3) uint8, further pictures of the prompts to compare renders with, or None.
    """

    def __init__(
        self,
        net: FeatureNet,
        matcher: Matcher | None,
        prompts: Sequence[str],
        assets: Iterable[Views],
        references: np.ndarray | None = None,
    ) -> None:
        self.net, self.matcher = net, matcher
        distinct = list(dict.fromkeys(prompts))
        self._own = np.array([distinct.index(prompt) for prompt in prompts])
        self._prompts = None if matcher is None else matcher.embed_prompts(distinct)
        self._references = None if references is None else net(references)
        self.assets = [self.judge(views) for views in assets]
        self._seen = together([one.seen for one in self.assets])

    def judge(self, views: Views) -> Judged:
        seen = see(views(self.net.size).pictures(), self.net)
        matcher = self.matcher
        return Judged(seen, None if matcher is None else matcher.embed_pictures(views(matcher.size).pictures()))

    def label(self, number: int, made: Judged) -> str:
        """What the judges say of the object of one prompt, for a contact sheet."""
        said = f"mask IoU {mask_iou(made.seen.cover, self.assets[number].seen.cover):.2f}"
        if made.embedded is not None and self._prompts is not None:
            said += f", cosine {(made.embedded @ self._prompts[self._own[number]]).mean():.2f}"
        return said

    def renders(self, made: Sequence[Judged], paired: bool = True) -> dict[str, Any]:
        """Views of objects against those of the assets (``ViewScores``), and against the further references.

        Arguments:
            made: an object for each prompt, in order; not ``paired``: any others.
        """
        seen = together([one.seen for one in made])
        result = asdict(compare(seen, self._seen, self.net.name, paired))
        if self._references is not None:
            result["references"] = asdict(distances(seen.renders, self._references))
        return result

    def agreement(self, made: Sequence[Judged]) -> dict[str, float] | None:
        """Of objects, one for each prompt in order, with the prompts; None where there is no matcher."""
        embedded = [one.embedded for one in made if one.embedded is not None]
        return None if self._prompts is None else agreement(np.stack(embedded), self._prompts, self._own)
