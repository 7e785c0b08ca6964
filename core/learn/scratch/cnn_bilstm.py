"""Characters by a CNN, words by vectors, both through a BiLSTM (Ma and Hovy 2016, ACL, P16-1101).

Theirs with a CRF on top: `head="crf"`. What differs here: the vocabulary is blind to case (which
comes in as a vector of its own, as the section does), and a word that it does not hold goes in as
its pieces, each with its characters, of which the first carries the word's tag.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from core.errors import BadInput
from core.learn.engines.encode import Encoder
from core.learn.scratch.network import ScratchConfig, ScratchNetwork, vocabulary
from core.records import Annotation

WORDS = 8000


class CnnBilstmConfig(ScratchConfig):  # type: ignore[no-untyped-call]
    """Theirs: characters 30 wide, 30 filters over 3 of them, words 100, LSTM 200 each way."""

    model_type = "lettera-cnn-bilstm"

    def __init__(
        self,
        width: int = 100,
        memory: int = 200,
        characters: int = 100,
        character_width: int = 30,
        filters: int = 30,
        longest_piece: int = 20,
        dropout: float = 0.5,
        **rest: Any,
    ) -> None:
        self.width = width
        self.memory = memory
        self.characters = characters
        self.character_width = character_width
        self.filters = filters
        self.longest_piece = longest_piece
        super().__init__(dropout=dropout, **rest)


class CnnBilstmNetwork(ScratchNetwork):  # type: ignore[no-untyped-call]
    """`spelling`: the characters (V, C) of each piece of the vocabulary, 0 where it has none."""

    config_class = CnnBilstmConfig
    spelling: Tensor

    def __init__(self, config: CnnBilstmConfig, weights: Tensor | None = None) -> None:
        super().__init__(config)
        shape = (config.vocab_size, config.longest_piece)
        self.register_buffer("spelling", torch.zeros(shape, dtype=torch.long))
        self.pieces = nn.Embedding(config.vocab_size, config.width, config.pad_token_id)
        self.letters = nn.Embedding(config.characters, config.character_width, padding_idx=0)
        self.cnn = nn.Conv1d(config.character_width, config.filters, 3, padding=1)
        self.cases = nn.Embedding(3, config.width)
        self.section = nn.Linear(config.width, config.width)
        size = config.width + config.filters
        self.onward = nn.LSTM(size, config.memory, batch_first=True)
        self.backward = nn.LSTM(size, config.memory, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.finish(2 * config.memory, weights)

    def hidden(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        cases = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        spelled = self.spelling[input_ids]
        if self.training:
            # A word that is lost keeps its characters: so it stands with a word never seen.
            input_ids, cases = self.blurred(input_ids, cases)
        words = self.pieces(input_ids) + self.cases(cases)
        words = words + self.section(words[:, :1])
        seen = self.dropout(torch.cat([words, self._spelled(spelled)], dim=-1))
        turned = _turned(attention_mask)
        there = self.onward(seen)[0]
        back = _taken(self.backward(_taken(seen, turned))[0], turned)
        found: Tensor = self.dropout(torch.cat([there, back], dim=-1))
        return found

    def _spelled(self, spelled: Tensor) -> Tensor:
        """Characters (B, L, C) -> what the filters see of them at most (B, L, filters)."""
        rows = self.dropout(self.letters(spelled.flatten(0, 1))).transpose(1, 2)
        most = self.cnn(rows).amax(dim=2)
        found: Tensor = most.view(spelled.shape[0], spelled.shape[1], most.shape[1])
        return found


def _turned(mask: Tensor) -> Tensor:
    """The places (B, L) of each row from its last sub-word to its first; padding stays at the end.

    An LSTM that reads so is one that reads backwards, whatever the width of the batch.
    """
    places = torch.arange(mask.shape[1], device=mask.device)[None, :].expand_as(mask)
    last = mask.sum(dim=1, keepdim=True) - 1
    return torch.where(places <= last, last - places, places)


def _taken(rows: Tensor, places: Tensor) -> Tensor:
    return rows.gather(1, places[..., None].expand(-1, -1, rows.shape[2]))


def make(
    annotations: Sequence[Annotation],
    labels: Sequence[str],
    limit: int,
    *,
    weights: Tensor | None = None,
    words: int = WORDS,
    glove: str | None = None,
    **settings: Any,
) -> tuple[CnnBilstmNetwork, Encoder]:
    """See `core.learn.scratch`. `words`: how large the vocabulary may become. `glove`: a text file
    of word vectors (a word and its numbers a line) that the words it knows start from."""
    tokenizer, known = vocabulary(annotations, words)
    vectors = read_vectors(Path(glove), set(tokenizer.get_vocab())) if glove else {}
    if vectors:
        settings["width"] = len(next(iter(vectors.values())))
    signs = sorted({c for piece in tokenizer.get_vocab() for c in piece if len(c) == 1})
    config = CnnBilstmConfig(characters=1 + len(signs), **known, **settings)
    network = CnnBilstmNetwork(config, weights)
    network.spelling.copy_(_spelling(tokenizer, signs, config.longest_piece))
    with torch.no_grad():
        for piece, vector in vectors.items():
            network.pieces.weight[tokenizer.token_to_id(piece)] = torch.tensor(vector)
    return network, Encoder(tokenizer, limit)


def _spelling(tokenizer: Tokenizer, signs: Sequence[str], longest: int) -> Tensor:
    numbers = {sign: n for n, sign in enumerate(signs, 1)}
    table = torch.zeros(tokenizer.get_vocab_size(), longest, dtype=torch.long)
    for piece, number in tokenizer.get_vocab().items():
        if not piece.startswith("["):
            plain = piece.removeprefix("##")[:longest]
            table[number, : len(plain)] = torch.tensor([numbers[c] for c in plain])
    return table


def read_vectors(path: Path, wanted: set[str]) -> dict[str, list[float]]:
    """The vectors of the wanted words, from a text file as GloVe's. Raises BadInput."""
    found: dict[str, list[float]] = {}
    width = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                word, *numbers = line.rstrip("\n").split(" ")
                if number == 1 and len(numbers) == 1:
                    continue  # word2vec's and fastText's first line counts words and numbers
                width = width or len(numbers)
                if len(numbers) != width or not width:
                    raise BadInput(f"{path}:{number}: {len(numbers)} numbers, not {width}")
                if word in wanted:
                    found[word] = [float(n) for n in numbers]
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: no text file of word vectors ({type(error).__name__})") from error
    if not found:
        raise BadInput(f"{path}: knows none of the words of these phrases; leave --glove out")
    return found
