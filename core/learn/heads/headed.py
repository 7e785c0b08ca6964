"""What every network of ours is: something that reads, and a head.

A network from scratch gives `hidden` and calls `crown` where it is made; the loss, and what goes to
the ONNX form, are the same for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn
from transformers.modeling_outputs import TokenClassifierOutput

from core.learn.heads import HEADS, Head
from core.learn.tags import Scheme


class Headed(nn.Module, ABC):
    """input_ids, attention_mask, token_type_ids (B, L) -> scores of tags (B, L, T)."""

    classifier: Head
    head: str
    scheme: Scheme
    packs = False
    """Whether it learns from real tokens alone, so that nothing is gained by sorting phrases."""

    def crown(
        self,
        width: int,
        tags: Sequence[str],
        head: str = "linear",
        weights: Tensor | None = None,
    ) -> None:
        """Puts a head for these tags on hidden states of `width`."""
        self.head = head
        self.scheme = "bio" if any(tag.startswith("B-") for tag in tags) else "io"
        self.classifier = HEADS.get(head)(width, tags, weights)

    @abstractmethod
    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """The hidden states (B, L, H) that the head stands on."""

    def said(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Scores of tags (B, L, T)."""
        return self.classifier(self.hidden(input_ids, attention_mask, token_type_ids)).float()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> TokenClassifierOutput:
        """`labels` as the head wants them."""
        logits = self.said(input_ids, attention_mask, token_type_ids)
        loss = None if labels is None else self.classifier.loss(logits, labels)
        return TokenClassifierOutput(loss=loss, logits=logits)
