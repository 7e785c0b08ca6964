"""The vocabulary of a model trained from scratch: what it may remember of its letters.

A vocabulary is published with its model, so it holds only words of fictitious letters, and words
that stand in at least five letters and in no span of the identity fields. A word of a real name it
never holds, though fiction knows it too (particles, "de", are words). Names that fiction made up
stay: were they unknown words, every unknown word would be taken for a name. Any other word is
spelled from shorter pieces, down to single letters. A digit is a digit: no number is remembered.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, trainers

from core.learn.engines.encode import NO_SECTION, section_token
from core.learn.engines.features import key
from core.learn.tags import words
from core.records import Annotation
from core.schema import Schema, default_schema

PAD, UNKNOWN = "[PAD]", "[UNK]"
LETTERS_NEEDED = 5
_SHORTEST = 4
_PARTICLES = frozenset("dalla dalle dall della dello delle dell degli".split())
_SIGNS = "abcdefghijklmnopqrstuvwxyz0.,;:!?'’`\"“”«»()[]{}<>=+-–—−*/⁄\\|_%&@#$€£°§®"
_SIGNS += "µμ×±≥≤→•·~^αβγδ"


def train_vocabulary(annotations: Sequence[Annotation], size: int) -> Tokenizer:
    """A WordPiece tokenizer that knows sections and is blind to accents, case and which digit."""
    tokenizer = Tokenizer(_model())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\d"), "0"),
        ]
    )
    tokenizer.decoder = decoders.WordPiece()
    sections = [f.name for f in default_schema().fields.values() if f.kind == "section"]
    special = [PAD, UNKNOWN, NO_SECTION, *map(section_token, sections)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=special,
        initial_alphabet=list(_SIGNS),
        limit_alphabet=len(_SIGNS),
        show_progress=False,
    )
    allowed = allowed_words(annotations)
    words = (word for word, count in allowed.items() for word in repeat(word, count))
    tokenizer.train_from_iterator(words, trainer)
    # Every sign must also be there as a later piece, or a word with a rare one could not be read.
    pieces = tokenizer.get_vocab()
    for sign in _SIGNS:
        pieces.setdefault(f"##{sign}", len(pieces))
    tokenizer.model = _model(pieces)
    return tokenizer


def _model(pieces: dict[str, int] | None = None) -> models.WordPiece:
    return models.WordPiece(pieces or {}, unk_token=UNKNOWN, max_input_chars_per_word=60)


def allowed_words(annotations: Iterable[Annotation]) -> dict[str, int]:
    """The words that a vocabulary may be made of, and how often each stands in the letters."""
    schema = default_schema()
    identity = {f.name for f in schema.fields.values() if f.group == "identity"} | {"identity"}
    names = {name for name in identity if _is_name(schema, name)}
    letters: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    free: set[str] = set()
    barred: set[str] = set()
    never: set[str] = set()
    for annotation in annotations:
        text = annotation.phrase.text
        for start, end in words(text):
            word = key(text[start:end])
            counts[word] += 1
            if word.isdecimal():
                free.add(word)
                continue
            around = [s for s in annotation.spans if s.start < end and start < s.end]
            if annotation.origin == "fictitious":
                free.add(word)
                continue
            if _names(word) and any((s.field or s.label) in names for s in around):
                never.add(word)
            seen = letters.setdefault(word, set())
            if len(seen) < LETTERS_NEEDED:
                seen.add(annotation.phrase.letter)
            if any({s.label, s.field} & identity for s in around):
                barred.add(word)
    often = {word for word, where in letters.items() if len(where) == LETTERS_NEEDED}
    allowed = (free | often - barred) - never
    return {word: count for word, count in counts.items() if word in allowed}


def _names(word: str) -> bool:
    """Whether a word of a name tells whose it is: "de", "la" and "d'" do not."""
    return len(word) >= _SHORTEST and word.isalpha() and word not in _PARTICLES


def _is_name(schema: Schema, name: str) -> bool:
    """Whether spans of an identity field hold names; those of an unknown one may."""
    field = schema.fields.get(name)
    return field is None or field.type == "text"
