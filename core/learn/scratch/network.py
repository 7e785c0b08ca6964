"""What the networks from scratch share: their configuration, their vocabulary, their blur.

Each takes what an encoder takes and answers as one, so that all that is around it (training,
export, tagger) is the same for both. Its first token is the section that the phrase stands in.
"""

from collections.abc import Sequence
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from core.learn.data.vocabulary import PAD, UNKNOWN, train_vocabulary
from core.learn.engines.encode import NO_SECTION
from core.learn.heads.headed import Headed
from core.records import Annotation

VOCABULARY = 4000


class ScratchConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """The head, and how much of its input a network loses while it learns (shares of sub-words and
    of phrases)."""

    def __init__(
        self,
        vocab_size: int = VOCABULARY,
        head: str = "linear",
        scheme: str = "bio",
        dropout: float = 0.3,
        lost_words: float = 0.05,
        lost_sections: float = 0.1,
        other_case: float = 0.1,
        unknown_token_id: int = 1,
        nowhere_token_id: int = 2,
        pad_token_id: int = 0,
        **rest: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.head = head
        self.scheme = scheme
        self.dropout = dropout
        self.lost_words = lost_words
        self.lost_sections = lost_sections
        self.other_case = other_case
        self.unknown_token_id = unknown_token_id
        self.nowhere_token_id = nowhere_token_id
        super().__init__(**rest)
        self.pad_token_id = pad_token_id


class ScratchNetwork(Headed, PreTrainedModel):  # type: ignore[no-untyped-call]
    """input_ids, attention_mask, token_type_ids (the case of each sub-word) -> logits."""

    config_class: type[ScratchConfig] = ScratchConfig

    def finish(self, width: int, weights: Tensor | None) -> None:
        """The last step of every constructor: the head on hidden states of `width`."""
        tags: dict[Any, Any] = dict(self.config.id2label or {})
        names = [tags[n] for n in range(len(tags))]
        self.crown(width, names, self.config.head, weights)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.1)

    def blurred(self, ids: Tensor, cases: Tensor) -> tuple[Tensor, Tensor]:
        """As another hand would write: with a word never seen, no known section, other capitals."""
        lost = torch.rand(ids.shape, device=ids.device) < self.config.lost_words
        lost[:, 0] = False
        ids = ids.masked_fill(
            lost & (ids != self.config.pad_token_id), self.config.unknown_token_id
        )
        rows = torch.rand(len(ids), device=ids.device)
        ids[rows < self.config.lost_sections, 0] = self.config.nowhere_token_id
        other = torch.rand(len(ids), 1, device=ids.device) < self.config.other_case
        shouted = 2 * (torch.rand(len(ids), 1, device=ids.device) < 0.5).to(cases.dtype)
        return ids, torch.where(other, shouted, cases)


def vocabulary(annotations: Sequence[Annotation], size: int) -> tuple[Tokenizer, dict[str, Any]]:
    """A tokenizer made of the phrases, and what a configuration must know of it."""
    tokenizer = train_vocabulary(annotations, size)
    known = tokenizer.get_vocab()
    return tokenizer, {
        "vocab_size": len(known),
        "pad_token_id": known[PAD],
        "unknown_token_id": known[UNKNOWN],
        "nowhere_token_id": known[NO_SECTION],
    }
