"""What stands on a network: hidden states -> scores of tags, and how far those are from the gold.

A head is one file, one row of `HEADS` and one case of `core.learn.engines.decode`, which reads
its scores.
"""

from typing import TYPE_CHECKING, Protocol

from core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor


class Head(Protocol):
    """A torch module made from `(width, tags, weights)`: the width of the hidden states, the names
    of the tags (`core.learn.tags.head_tags`), and what each weighs in the loss (T,), None for all
    the same. Its weight and bias are those of a linear layer, which `transformers` can load."""

    def __call__(self, hidden: "Tensor") -> "Tensor":
        """Hidden states (B, L, H) -> scores (B, L, T)."""

    def loss(self, emissions: "Tensor", labels: "Tensor") -> "Tensor":
        """The mean loss of a word. `labels`: tag ids (B, L), -100 where no first sub-word stands;
        of `multilabel` zeros and ones (B, L, T), rows of -100 there."""


HEADS = Registry(
    "head",
    {
        "linear": "core.learn.heads.linear:LinearHead",
        "crf": "core.learn.heads.crf:CrfHead",
        "multilabel": "core.learn.heads.multilabel:MultilabelHead",
    },
)
