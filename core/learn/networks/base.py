"""The network to train: one from scratch by name, or an encoder from a folder, a cache or the Hub,
under the head that is asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer
from transformers.utils import logging

from core.errors import BadInput
from core.learn.engines.decode import Decoder
from core.learn.engines.encode import Encoder
from core.learn.heads.carry import raw_config, take_over
from core.learn.heads.crf import CrfHead
from core.learn.heads.encoder import HeadedEncoder
from core.learn.heads.headed import Headed
from core.learn.heads.packed import first_position
from core.learn.hub import folder_of
from core.learn.record import TOKENIZER, WEIGHTS
from core.learn.scratch import NETWORKS, SCRATCH
from core.learn.tags import Scheme, head_tags
from core.records import Annotation

_OTHERWISE = "give a folder that holds an encoder, or train --model small"


def make_network(
    model: str,
    labels: Sequence[str],
    annotations: Sequence[Annotation],
    limit: int,
    *,
    head: str = "linear",
    scheme: Scheme = "bio",
    weights: Tensor | None = None,
    **settings: Any,
) -> tuple[Headed, Encoder]:
    """A network with a head over the tags of `labels`, and the encoder of its phrases.

    `weights` are those of `head_tags(head, labels, scheme)` in the loss. A folder that holds a
    model of ours is gone on from: what its head knows of a tag is taken over by name.
    `settings` are those of a network from scratch.
    """
    # Its bars and reports would go to the terminal past the caller's own progress.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tags = head_tags(head, labels, scheme)
    crown = {"head": head, "weights": weights}
    if model in SCRATCH:
        return SCRATCH.get(model)(  # type: ignore[no-any-return]
            annotations, labels, limit, scheme=scheme, **crown, **_names(tags), **settings
        )
    if settings:
        raise BadInput(f"{model}: {', '.join(settings)}: only a network from scratch has these")
    folder = _fetched(model)
    kind = str(raw_config(folder).get("model_type"))
    if kind in NETWORKS:
        network, encoder = _from_scratch(folder, kind, limit, tags, crown | {"scheme": scheme})
    else:
        network, encoder = _encoder(model, folder, limit, tags, crown)
    take_over(network, tags, folder)
    return network, encoder


def decoder_of(
    network: Headed, labels: Sequence[str], thresholds: Sequence[float] | None = None
) -> Decoder:
    """How the scores of a network are read as it stands now: the transitions of a CRF move."""
    head = network.classifier
    return Decoder(
        labels=tuple(labels),
        head=network.head,
        scheme=network.scheme,
        transitions=head.transitions() if isinstance(head, CrfHead) else None,
        thresholds=None if thresholds is None else tuple(thresholds),
    )


def _names(tags: Sequence[str]) -> dict[str, Any]:
    names = dict(enumerate(tags))
    return {"id2label": names, "label2id": {name: n for n, name in names.items()}}


def _from_scratch(
    folder: Path, kind: str, limit: int, tags: Sequence[str], crown: dict[str, Any]
) -> tuple[Headed, Encoder]:
    """A network that was trained from scratch before, to be trained on."""
    weights = crown.pop("weights")
    cls = NETWORKS.get(kind)
    try:
        config = cls.config_class.from_pretrained(folder, **crown, **_names(tags))
        network = cls(config, weights)
        # What does not fit (the head of other labels) stays as it was made; `take_over` fills it.
        made, known = network.state_dict(), load_file(folder / WEIGHTS)
        fits = {k: v for k, v in known.items() if k in made and made[k].shape == v.shape}
        network.load_state_dict(fits, strict=False)
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:
        raise _unfit(folder, error) from error
    return network, Encoder(tokenizer, min(limit, _positions(config)))


def _encoder(
    model: str, folder: Path, limit: int, tags: Sequence[str], crown: dict[str, Any]
) -> tuple[Headed, Encoder]:
    try:
        config = AutoConfig.from_pretrained(folder, **_names(tags))
        body = AutoModelForTokenClassification.from_pretrained(
            folder, config=config, ignore_mismatched_sizes=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, **_tokenizer_options(folder))
    except Exception as error:
        raise _unfit(model, error) from error
    if not tokenizer.is_fast:
        raise BadInput(f"{model}: has no fast tokenizer (tokenizer.json), which tagging needs")
    longest = min(limit, tokenizer.model_max_length, _positions(config))
    return HeadedEncoder(body, tags, **crown), Encoder(tokenizer.backend_tokenizer, longest)


def _positions(config: Any) -> int:
    """How many positions an encoder has for words."""
    told = (getattr(config, name, None) for name in ("longest", "max_position_embeddings"))
    places = next((int(number) for number in told if number), 1 << 30)
    return places - first_position(config)


def _unfit(model: str | Path, error: Exception) -> BadInput:
    """transformers, safetensors and tokenizers raise errors of many kinds for a broken folder."""
    return BadInput(
        f"{model}: not an encoder that transformers can load ({type(error).__name__}); {_OTHERWISE}"
    )


def _fetched(model: str) -> Path:
    """The folder of an encoder; of its weights only the safe form, where the Hub has it."""
    wanted = ("*.json", "*.txt", "*.model", "*.safetensors")
    folder, revision = folder_of(model, wanted, _OTHERWISE)
    if revision is not None and not any(folder.glob("*.safetensors")):
        folder_of(model, ("pytorch_model*.bin*",), _OTHERWISE)
    return folder


def _tokenizer_options(folder: Path) -> dict[str, bool]:
    """Old repositories (Bio_ClinicalBERT) do not say that they are cased; left alone, the tokenizer
    would lower the case and strip accents, against a cased vocabulary."""
    said = (folder / "tokenizer_config.json").is_file()
    return {} if said else {"do_lower_case": False}
