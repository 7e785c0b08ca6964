"""Sub-words in windows of neighbours, a few layers deep: the quickest of the networks from scratch.

What the section says is added to every sub-word.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.learn.engines.encode import Encoder
from core.learn.scratch.network import VOCABULARY, ScratchConfig, ScratchNetwork, vocabulary
from core.records import Annotation


class WindowsConfig(ScratchConfig):  # type: ignore[no-untyped-call]
    """Width and reach of the network."""

    model_type = "lettera-small"

    def __init__(self, width: int = 128, reaches: tuple[int, ...] = (1, 2, 4), **rest: Any) -> None:
        self.width = width
        self.reaches = list(reaches)
        super().__init__(**rest)


class WindowsNetwork(ScratchNetwork):  # type: ignore[no-untyped-call]
    """See the module."""

    config_class = WindowsConfig

    def __init__(self, config: WindowsConfig, weights: Tensor | None = None) -> None:
        super().__init__(config)
        width = config.width
        self.pieces = nn.Embedding(config.vocab_size, width, padding_idx=config.pad_token_id)
        self.cases = nn.Embedding(3, width)
        self.section = nn.Linear(width, width)
        self.layers = nn.ModuleList(nn.Linear(3 * width, 2 * width) for _ in config.reaches)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in config.reaches)
        self.dropout = nn.Dropout(config.dropout)
        self.finish(width, weights)

    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        cases = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        if self.training:
            input_ids, cases = self.blurred(input_ids, cases)
        mask = attention_mask.unsqueeze(-1).to(self.section.weight.dtype)
        hidden = self.dropout(self.pieces(input_ids) + self.cases(cases))
        hidden = (hidden + self.section(hidden[:, :1])) * mask
        for layer, norm, reach in zip(self.layers, self.norms, self.config.reaches, strict=True):
            near = _neighbours(norm(hidden) * mask, reach)
            hidden = (hidden + self.dropout(functional.glu(layer(near)))) * mask
        found: Tensor = self.dropout(hidden)
        return found


def _neighbours(hidden: Tensor, reach: int) -> Tensor:
    """Each position beside those `reach` to its left and right; beyond the ends stands nothing."""
    length = hidden.shape[1]
    wide = functional.pad(hidden, (0, 0, reach, reach))
    return torch.cat([wide[:, :length], hidden, wide[:, 2 * reach :]], dim=-1)


def make(
    annotations: Sequence[Annotation],
    labels: Sequence[str],
    limit: int,
    *,
    weights: Tensor | None = None,
    words: int = VOCABULARY,
    **settings: Any,
) -> tuple[WindowsNetwork, Encoder]:
    """See `core.learn.scratch`. `words`: how large the vocabulary may become."""
    tokenizer, known = vocabulary(annotations, words)
    return WindowsNetwork(WindowsConfig(**known, **settings), weights), Encoder(tokenizer, limit)
