"""A batch of phrases read by an encoder of `transformers` as one row of its real tokens.

All that looks at a token alone (nine tenths of a network's work, and its dropout) sees no padding,
whatever the phrases' lengths, so they need not be sorted to learn quickly. Attention goes over
groups of phrases of like length.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import PretrainedConfig, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import AttentionInterface

from core.learn.engines.batches import batches

_NAME = "lettera_packed"
_SHIFTED = frozenset({"roberta", "xlm-roberta", "camembert"})
_FAMILIES = _SHIFTED | {"bert", "electra"}
"""Those whose attention can be given."""


class Group(NamedTuple):
    """Phrases of like length: `taken` says where in the row each token is (phrases, longest), the
    last one of a phrase standing where it has no more; `real` (phrases, 1, 1, longest) which are
    its own, None where all are."""

    taken: Tensor
    real: Tensor | None


class Row(NamedTuple):
    """A padded batch (B, L) as one row of its N real tokens: `places` (N,) in the flattened batch,
    `positions` (N,) in their phrases, both in the order of the groups."""

    places: Tensor
    positions: Tensor
    groups: list[Group]

    @classmethod
    def of(cls, mask: Tensor) -> "Row":
        """`mask` (B, L): ones, then zeros in each row."""
        lengths = mask.sum(1).tolist()
        places, positions, groups = [], [], []
        begun = 0
        for numbers in batches(lengths, sum(lengths) * len(lengths)):
            own = torch.tensor([lengths[n] for n in numbers])
            steps = torch.arange(int(own.max()))
            real = steps < own[:, None]
            firsts = begun + own.cumsum(0) - own
            taken = firsts[:, None] + torch.minimum(steps, own[:, None] - 1)
            groups.append(Group(taken, None if real.all() else real[:, None, None]))
            places.append((torch.tensor(numbers)[:, None] * mask.shape[1] + steps)[real])
            positions.append(steps.expand_as(real)[real])
            begun += int(own.sum())
        row = cls(torch.cat(places), torch.cat(positions), groups)
        return row.to(mask.device)

    def to(self, device: torch.device) -> "Row":
        groups = [
            Group(taken.to(device), None if real is None else real.to(device))
            for taken, real in self.groups
        ]
        return Row(self.places.to(device), self.positions.to(device), groups)


def first_position(config: PretrainedConfig) -> int:
    """The number of an encoder's first position: RoBERTa's family counts from behind padding."""
    return int(config.pad_token_id) + 1 if config.model_type in _SHIFTED else 0


def readied(body: PreTrainedModel) -> bool:
    """Readies an encoder for `packed`, and says whether it could: it is of a family that is known
    to give its attention away. Its padded batches it reads as before."""
    if body.config.model_type not in _FAMILIES:
        return False
    AttentionInterface.register(_NAME, _attention)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    body.set_attn_implementation(_NAME)
    return True


def packed(body: PreTrainedModel, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
    """What `body` says of a padded batch (B, L, H), zeros where nothing stands."""
    row = Row.of(mask)
    told = {} if types is None else {"token_type_ids": types.flatten()[row.places][None]}
    said: Tensor = body(
        ids.flatten()[row.places][None],
        position_ids=(row.positions + first_position(body.config))[None],
        packed=row,
        **told,
    ).logits[0]
    whole = said.new_zeros(mask.numel(), said.shape[-1])
    return whole.index_copy(0, row.places, said).view(*mask.shape, -1)


def _attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    packed: Row | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """As AttentionInterface wants it: (1, heads, N, width) -> (1, N, heads, width)."""
    if packed is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, **more
        )
    rows = [part[0].transpose(0, 1) for part in (query, key, value)]
    found = []
    for taken, real in packed.groups:
        q, k, v = (row[taken].transpose(1, 2) for row in rows)
        said = scaled_dot_product_attention(q, k, v, real, dropout, scale=scaling).transpose(1, 2)
        found.append(said.flatten(0, 1) if real is None else said[real[:, 0, 0]])
    return torch.cat(found)[None], None
