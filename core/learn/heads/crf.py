"""A linear-chain CRF (Lafferty, McCallum and Pereira 2001) over the words of a phrase.

T*T + 2*T parameters beside the linear layer: a score for each step from tag to tag, for each tag as
the first and as the last. Only first sub-words are in the chain. The best row of tags is found in
numpy (`core.learn.engines.viterbi`), in training as in tagging.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.learn.engines.viterbi import BARRED, Transitions, barred
from core.learn.tags import IGNORED

_TINY = 1e-300  # double precision's own floor: the logarithm of a row that nothing reaches


class CrfHead(nn.Linear):
    """See `core.learn.heads.Head`. A phrase weighs as the mean of its gold tags' weights."""

    weights: Tensor | None

    def __init__(self, width: int, tags: Sequence[str], weights: Tensor | None = None) -> None:
        super().__init__(width, len(tags))
        self.tags = tuple(tags)
        self.start = nn.Parameter(torch.zeros(len(tags)))
        self.end = nn.Parameter(torch.zeros(len(tags)))
        self.steps = nn.Parameter(torch.zeros(len(tags), len(tags)))
        self.register_buffer("weights", weights, persistent=False)

    def loss(self, emissions: Tensor, labels: Tensor) -> Tensor:
        """-log p(gold) a word. In double precision whatever autocast says: sums over all rows of
        tags of a long phrase do not survive 16 bits, and barely 32."""
        with torch.autocast(emissions.device.type, enabled=False):
            scores, gold, mask = _words(emissions.double(), labels)
            start, steps = self._legal(gold)
            counts = mask.sum(dim=1)
            lost = self._all(scores, mask, start, steps) - self._gold(
                scores, gold, mask, start, steps
            )
            lost = torch.where(counts > 0, lost, torch.zeros_like(lost))
            heft = mask.double()
            if self.weights is not None:
                heft = heft * self.weights.double()[gold]
            heft = heft.sum(dim=1) / counts.clamp_min(1)
            return ((lost * heft).sum() / (heft * counts).sum().clamp_min(1e-9)).float()

    def transitions(self) -> Transitions:
        """The learned scores, as the tagger reads them."""
        rows = (self.start, self.end, self.steps)
        start, end, steps = (row.detach().float().cpu().numpy() for row in rows)
        return Transitions(self.tags, start, end, steps)

    def _legal(self, gold: Tensor) -> tuple[Tensor, Tensor]:
        """Start (B, T) and steps (T, T) with what is illegal barred. A later window of a long
        phrase may begin inside a span: the gold says so, and then any tag may begin it."""
        begin, follow = (torch.from_numpy(rule).to(gold.device) for rule in barred(self.tags))
        start = self.start.double().expand(len(gold), -1)
        closed = begin[None, :] & ~begin[gold[:, 0]][:, None]
        return start.masked_fill(closed, BARRED), self.steps.double().masked_fill(follow, BARRED)

    def _gold(
        self, scores: Tensor, gold: Tensor, mask: Tensor, start: Tensor, steps: Tensor
    ) -> Tensor:
        """The score of the gold row of tags (B,)."""
        own = (scores.gather(2, gold[..., None])[..., 0] * mask).sum(dim=1)
        moved = (steps[gold[:, :-1], gold[:, 1:]] * mask[:, 1:]).sum(dim=1)
        last = gold.gather(1, (mask.sum(dim=1) - 1).clamp_min(0)[:, None])[:, 0]
        first = start.gather(1, gold[:, :1])[:, 0]
        return own + moved + first + self.end.double()[last]

    def _all(self, scores: Tensor, mask: Tensor, start: Tensor, steps: Tensor) -> Tensor:
        """The log of the sum over every row of tags (B,), by the forward recursion. One matrix
        product a word: exp of what was reached less its maximum, times exp of the steps."""
        moves = steps.exp()
        reached = start + scores[:, 0]
        for i in range(1, scores.shape[1]):
            top = reached.amax(dim=1, keepdim=True)
            onward = ((reached - top).exp() @ moves).clamp_min(_TINY).log() + top + scores[:, i]
            reached = torch.where(mask[:, i, None], onward, reached)
        return torch.logsumexp(reached + self.end.double(), dim=1)


def _words(emissions: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (B, W, T), gold tags (B, W) and mask (B, W) of the first sub-words alone, moved to the
    left; where the mask says no word, the gold is tag 0."""
    first = labels != IGNORED
    width = max(int(first.sum(dim=1).max()), 1)
    order = (~first).long().argsort(dim=1, stable=True)[:, :width]
    mask = first.gather(1, order)
    gold = labels.gather(1, order).masked_fill(~mask, 0)
    return emissions.gather(1, order[..., None].expand(-1, -1, emissions.shape[2])), gold, mask
