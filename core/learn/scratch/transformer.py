"""A transformer from scratch: the architecture of distilbert-base-cased, six layers of 768.

With its vocabulary of 28,996 and 19 tags it has the 65,205,523 parameters of seeds/001, Table I.
Narrower and shallower by `width`, `layers` and `attention_heads`.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers import DistilBertConfig, DistilBertModel

from core.learn.engines.encode import Encoder
from core.learn.scratch.network import VOCABULARY, ScratchConfig, ScratchNetwork, vocabulary
from core.records import Annotation


class TransformerConfig(ScratchConfig):  # type: ignore[no-untyped-call]
    """`longest`: how many sub-words it can see. The feed-forward layers are 4 x `width`."""

    model_type = "lettera-transformer"

    def __init__(
        self,
        vocab_size: int = 28996,
        width: int = 768,
        layers: int = 6,
        attention_heads: int = 12,
        longest: int = 512,
        dropout: float = 0.1,
        **rest: Any,
    ) -> None:
        self.width = width
        self.layers = layers
        self.attention_heads = attention_heads
        self.longest = longest
        super().__init__(vocab_size=vocab_size, dropout=dropout, **rest)


class TransformerNetwork(ScratchNetwork):  # type: ignore[no-untyped-call]
    """See the module. DistilBERT has no token types: the case of a sub-word is not seen."""

    config_class = TransformerConfig

    def __init__(self, config: TransformerConfig, weights: Tensor | None = None) -> None:
        super().__init__(config)
        self.body = DistilBertModel(
            DistilBertConfig(
                vocab_size=config.vocab_size,
                dim=config.width,
                hidden_dim=4 * config.width,
                n_layers=config.layers,
                n_heads=config.attention_heads,
                max_position_embeddings=config.longest,
                dropout=config.dropout,
                attention_dropout=config.dropout,
                pad_token_id=config.pad_token_id,
            )
        )
        self.finish(config.width, weights)

    def _init_weights(self, module: nn.Module) -> None:
        self.body._init_weights(module)

    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        if self.training and token_type_ids is not None:
            input_ids, _ = self.blurred(input_ids, token_type_ids)
        found: Tensor = self.body(input_ids, attention_mask=attention_mask).last_hidden_state
        return found


def make(
    annotations: Sequence[Annotation],
    labels: Sequence[str],
    limit: int,
    *,
    weights: Tensor | None = None,
    words: int = VOCABULARY,
    **settings: Any,
) -> tuple[TransformerNetwork, Encoder]:
    """See `core.learn.scratch`. `words`: how large the vocabulary may become."""
    tokenizer, known = vocabulary(annotations, words)
    config = TransformerConfig(**known, **settings)
    return TransformerNetwork(config, weights), Encoder(tokenizer, min(limit, config.longest))
