"""The network to train: `small` from scratch, or an encoder from a folder, a cache or the Hub."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
)
from transformers.utils import logging

from core.errors import BadInput
from core.learn.encode import NO_SECTION, Encoder
from core.learn.hub import folder_of
from core.learn.network import SmallConfig, SmallNetwork
from core.learn.tags import tag_names
from core.learn.vocabulary import PAD, UNKNOWN, train_vocabulary
from core.records import Annotation

_VOCABULARY = 4000
_OTHERWISE = "give a folder that holds an encoder, or train --model small"


def make_network(
    model: str, labels: Sequence[str], annotations: Sequence[Annotation], limit: int
) -> tuple[PreTrainedModel, Encoder]:
    """A network with a fresh head over the tags of `labels`, and the encoder of its phrases."""
    # Its bars and reports would go to the terminal past the caller's own progress.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    names = dict(enumerate(tag_names(labels)))
    ids = {name: n for n, name in names.items()}
    if model == "small":
        return _small(annotations, limit, id2label=names, label2id=ids)
    return _encoder(model, limit, id2label=names, label2id=ids)


def _small(
    annotations: Sequence[Annotation], limit: int, **head: Any
) -> tuple[PreTrainedModel, Encoder]:
    tokenizer = train_vocabulary(annotations, _VOCABULARY)
    known = tokenizer.get_vocab()
    config = SmallConfig(
        vocab_size=len(known),
        pad_token_id=known[PAD],
        unknown_token_id=known[UNKNOWN],
        nowhere_token_id=known[NO_SECTION],
        **head,
    )
    return SmallNetwork(config), Encoder(tokenizer, limit)


def _encoder(model: str, limit: int, **head: Any) -> tuple[PreTrainedModel, Encoder]:
    folder = _fetched(model)
    try:
        config = AutoConfig.from_pretrained(folder, **head)
        network = AutoModelForTokenClassification.from_pretrained(
            folder, config=config, ignore_mismatched_sizes=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, **_tokenizer_options(folder))
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            f"{model}: not an encoder that transformers can load ({type(error).__name__}); "
            f"{_OTHERWISE}"
        ) from error
    if not tokenizer.is_fast:
        raise BadInput(f"{model}: has no fast tokenizer (tokenizer.json), which tagging needs")
    backend = tokenizer.backend_tokenizer
    if isinstance(backend.pre_tokenizer, pre_tokenizers.ByteLevel):
        # Words come one by one; without this the first letter of each would look glued on.
        backend.pre_tokenizer.add_prefix_space = True
    longest = min(limit, tokenizer.model_max_length, config.max_position_embeddings)
    return network, Encoder(backend, longest)


def _fetched(model: str) -> Path:
    """The folder of an encoder; of its weights only the safe form, where the Hub has it."""
    folder, revision = folder_of(model, ("*.json", "*.txt", "*.model", "*.safetensors"), _OTHERWISE)
    if revision is not None and not any(folder.glob("*.safetensors")):
        folder_of(model, ("pytorch_model*.bin*",), _OTHERWISE)
    return folder


def _tokenizer_options(folder: Path) -> dict[str, bool]:
    """Old repositories (Bio_ClinicalBERT) do not say that they are cased; left alone, the tokenizer
    would lower the case and strip accents, against a cased vocabulary."""
    said = (folder / "tokenizer_config.json").is_file()
    return {} if said else {"do_lower_case": False}
