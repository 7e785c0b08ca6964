"""An encoder of `transformers` under a head of ours.

The encoder is its own `...ForTokenClassification` (dropout, and what else it has before its last
layer) with the classifier taken out; it is put back when the network is saved, so that the folder
of a `linear` head is one that plain `transformers` loads and runs. What a CRF adds stands
beside it in the same safetensors.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from core.errors import BadInput
from core.learn.heads.headed import Headed
from core.learn.heads.packed import packed, readied


class HeadedEncoder(Headed):
    """`body`: a token classifier; its last layer, `classifier`, gives way to the head."""

    def __init__(
        self,
        body: PreTrainedModel,
        tags: Sequence[str],
        head: str = "linear",
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.body = body
        last = getattr(body, "classifier", None)
        if not isinstance(last, nn.Linear):
            raise BadInput(f"{type(body).__name__}: its classifier is not one linear layer")
        body.classifier = nn.Identity()
        self.crown(last.in_features, tags, head, weights)
        self.packs = readied(body)
        # The new layer begins as the encoder's family begins its last one.
        body._init_weights(self.classifier)  # type: ignore[no-untyped-call]

    @property
    def config(self) -> PretrainedConfig:
        return self.body.config

    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        if self.training and self.packs:
            return packed(self.body, input_ids, attention_mask, token_type_ids)
        told = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        found: Tensor = self.body(input_ids, attention_mask=attention_mask, **told).logits
        return found

    def activation_checkpointing_enable(self, *told: Any, **more: Any) -> None:
        """Trainer asks for it where memory is short; the body knows how."""
        self.body.activation_checkpointing_enable(*told, **more)

    def save_pretrained(self, folder: str | Path) -> None:
        """As a folder of `transformers`: the body with its classifier in place."""
        state = {
            name.removeprefix("body."): tensor.contiguous()
            for name, tensor in self.state_dict().items()
        }
        self.body.save_pretrained(folder, state_dict=state)
