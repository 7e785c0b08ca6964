"""One linear layer and cross entropy: the papers' "Apt", BertForTokenClassification's own head."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from core.learn.tags import IGNORED


class LinearHead(nn.Linear):
    """See `core.learn.heads.Head`. Weighted words are averaged by their weights."""

    weights: Tensor | None

    def __init__(self, width: int, tags: Sequence[str], weights: Tensor | None = None) -> None:
        super().__init__(width, len(tags))
        self.register_buffer("weights", weights, persistent=False)

    def loss(self, emissions: Tensor, labels: Tensor) -> Tensor:
        scores, gold = emissions.float().flatten(0, 1), labels.flatten()
        whole = functional.cross_entropy(
            scores, gold, self.weights, ignore_index=IGNORED, reduction="sum"
        )
        known = gold[gold != IGNORED]
        heft = known.new_ones(known.shape) if self.weights is None else self.weights[known]
        # A batch without a single word (all characters dropped) has no loss, and not nan.
        return whole / heft.sum().float().clamp_min(1e-9)
