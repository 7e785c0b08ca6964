"""A handful of phrases of four letters, a random two-layer BERT, and the model that it becomes."""

import re
from pathlib import Path

import pytest

from core.records import Annotation, Phrase, Span, phrase_ids

_MARK = re.compile(r"\[\[([^|\]]+)\|([^\]]+)\]\]")
_LETTERS = (
    (
        "Sig.ra [[nome|Livia]] [[cognome|Tormen]], nata il [[data_di_nascita|03/11/1951]]",
        "Anamnesi: [[ipertensione|ipertensione arteriosa]], [[fumo|ex fumatrice]]",
        "[[betabloc|Bisoprololo 2,5 mg]] 1 cp ore 8",
        "Decorso regolare, dimessa il [[data_dimissione_cch|21/02/2024]]",
    ),
    (
        "Sig. [[nome|Dario]] [[cognome|Mezzalira]], nato il [[data_di_nascita|19/07/1946]]",
        "Noto [[diabete|diabete mellito tipo 2]], [[ipertensione|ipertensione arteriosa]]",
        "[[betabloc|Bisoprololo 1,25 mg]] 1 cp ore 8, [[lasix|Lasix 25 mg]] ore 16",
        "Decorso regolare, dimesso il [[data_dimissione_cch|08/05/2024]]",
    ),
    (
        "Sig. [[nome|Ugo]] [[cognome|Scarpa]], nato il [[data_di_nascita|30/01/1950]]",
        "Fattori di rischio: [[fumo|ex fumatore]], [[diabete|diabete mellito tipo 2]]",
        "[[lasix|Lasix 50 mg]] 1 cp ore 8",
        "Decorso regolare, dimesso il [[data_dimissione_cch|17/09/2023]]",
    ),
    (
        "Sig.ra [[nome|Elda]] [[cognome|Busato]], nata il [[data_di_nascita|12/12/1939]]",
        "Anamnesi: [[ipertensione|ipertensione arteriosa]], [[diabete|diabete mellito tipo 2]]",
        "[[betabloc|Bisoprololo 2,5 mg]] ore 8, [[lasix|Lasix 25 mg]] 1 cp",
        "Decorso regolare, dimessa il [[data_dimissione_cch|02/03/2024]]",
    ),
)


def marked(text: str, letter: str = "0" * 12, **known: object) -> Annotation:
    """A phrase with its spans written as `[[label|words]]`."""
    plain, spans, at = "", [], 0
    for mark in _MARK.finditer(text):
        plain += text[at : mark.start()]
        label, words = mark.groups()
        spans.append(Span(len(plain), len(plain) + len(words), label, label, text=words))
        plain, at = plain + words, mark.end()
    plain += text[at:]
    phrase = Phrase(next(phrase_ids(letter, [plain])), letter, 0, len(plain), plain)
    return Annotation(phrase, tuple(spans), **{"origin": "human", "source": "person/1"} | known)  # type: ignore[arg-type]


def four_letters() -> list[Annotation]:
    """Sixteen corrected phrases, all fictitious, in the `field` view."""
    return [
        marked(text, f"{number:012x}") for number, texts in enumerate(_LETTERS) for text in texts
    ]


def make_base(folder: Path) -> Path:
    """An encoder as transformers saves one: two layers of random weights, a cased vocabulary."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    texts = " ".join(a.phrase.text for a in four_letters())
    signs = sorted(set(texts) - {" "} | set("abcdefghijklmnopqrstuvwxyzàèéìòù0123456789"))
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *signs, *(f"##{s}" for s in signs)]
    words = sorted({word for word in re.findall(r"[^\W\d]{4,}", texts)} - set(pieces))
    vocabulary = {piece: n for n, piece in enumerate([*pieces, *words])}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    BertTokenizerFast(tokenizer_object=backend).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertForTokenClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained encoder."""
    return make_base(tmp_path_factory.mktemp("base") / "tiny-bert")


@pytest.fixture(scope="session")
def tiny_model(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model really trained, in seconds: it has learned its two training letters."""
    from core.learn.options import options_for
    from core.learn.train import train

    out = tmp_path_factory.mktemp("trained") / "tiny-model"
    options = options_for(
        str(tiny_base), learning_rate=5e-3, batch_size=4, epochs=40, seed=1, keep="last"
    )
    train(four_letters(), out, options)
    return out
