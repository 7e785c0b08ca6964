"""What every network of ours is: something that reads, a head, and a layer for the states.

A network from scratch gives `hidden` and calls `crown` where it is made; the loss, and what goes to
the ONNX form, are the same for all.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import TokenClassifierOutput

from core.learn.heads import HEADS, Head
from core.learn.tags import IGNORED, Scheme


class Headed(nn.Module):
    """input_ids, attention_mask, token_type_ids (B, L) -> scores of tags (B, L, T)."""

    classifier: Head
    state_layer: nn.Linear | None
    head: str
    scheme: Scheme
    states: tuple[str, ...]

    def crown(
        self,
        width: int,
        tags: Sequence[str],
        head: str = "linear",
        weights: Tensor | None = None,
        states: Sequence[str] = (),
    ) -> None:
        """Puts a head for these tags, and a layer for the states if any, on states of `width`."""
        self.head, self.states = head, tuple(states)
        self.scheme = "bio" if any(tag.startswith("B-") for tag in tags) else "io"
        self.classifier = HEADS.get(head)(width, tags, weights)
        self.state_layer = nn.Linear(width, len(states)) if states else None

    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """The hidden states (B, L, H) that the head stands on."""
        raise NotImplementedError

    def said(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Scores of tags (B, L, T), and of states (B, L, S) where the network tells them apart."""
        hidden = self.hidden(input_ids, attention_mask, token_type_ids)
        states = None if self.state_layer is None else self.state_layer(hidden).float()
        return self.classifier(hidden).float(), states

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        labels: Tensor | None = None,
        states: Tensor | None = None,
    ) -> TokenClassifierOutput:
        """`labels` as the head wants them; `states` (B, L): numbers of states, -100 for none."""
        logits, guessed = self.said(input_ids, attention_mask, token_type_ids)
        loss = None
        if labels is not None:
            loss = self.classifier.loss(logits, labels)
            if guessed is not None and states is not None:
                loss = loss + _state_loss(guessed, states)
        return TokenClassifierOutput(loss=loss, logits=logits)


def _state_loss(guessed: Tensor, states: Tensor) -> Tensor:
    known = (states != IGNORED).sum().clamp_min(1)
    whole = functional.cross_entropy(
        guessed.flatten(0, 1), states.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return whole / known
