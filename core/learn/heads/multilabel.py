"""One sigmoid a tag: entities of different labels may overlap and nest."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from core.learn.tags import IGNORED


class MultilabelHead(nn.Linear):
    """See `core.learn.heads.Head`. `weights` are what a yes of each tag weighs against a no."""

    weights: Tensor | None

    def __init__(self, width: int, tags: Sequence[str], weights: Tensor | None = None) -> None:
        super().__init__(width, len(tags))
        self.register_buffer("weights", weights, persistent=False)

    def loss(self, emissions: Tensor, labels: Tensor) -> Tensor:
        """Summed over the tags of a word, so that few labels and many learn at one pace."""
        known = labels[..., 0] != IGNORED
        whole = functional.binary_cross_entropy_with_logits(
            emissions[known].float(),
            labels[known].float(),
            pos_weight=self.weights,
            reduction="sum",
        )
        return whole / known.sum().clamp_min(1)
