"""spaCy's DocBin: a Doc a phrase. `doc.spans["sc"]` holds every span, `doc.ents` the longest.

Words are cut wherever a span begins or ends, so that spans within words stand as they are, and
blanks other than a single one are tokens of their own, so that `doc.text` is the phrase's text.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin
from spacy.tokens import Span as SpacySpan
from spacy.vocab import Vocab

from core.convert import Converted
from core.convert.carried import Place, one_line, packed, reconciled, unpacked, written
from core.convert.document import Documents, Mark
from core.errors import BadInput
from core.files import reading, replacing
from core.learn.tags import longest, words
from core.records import Annotation, Span

KEY = "sc"  # where spaCy's span categoriser looks unless told otherwise
CARRIED = "lettera"


class DocBins:
    """Somebody else's Doc is a document: all its span groups, and the entities not among them."""

    def read(self, source: Path, report: Converted) -> Iterator[Annotation]:
        documents = Documents(report, "import/spacy")
        for number, doc in enumerate(_docs(source), 1):
            where = f"{source}: document {number}"
            seen = _seen(doc)
            if CARRIED not in doc.user_data:
                marks = [Mark(place.start, place.end, place.label) for place in seen]
                report.told["documents of which only the text and the spans were taken"] += 1
                yield from documents.cut(doc.text, marks, where)
                continue
            try:
                annotation = unpacked(json.loads(doc.user_data[CARRIED]), doc.text)
            except (BadInput, ValueError, TypeError) as error:
                report.refused.append(f"{where}: {error}")
                continue
            shown = [Place(s.start, s.end, _label(s)) for s in annotation.spans]
            yield reconciled(annotation, shown, seen, report)

    def write(self, target: Path, annotations: Iterable[Annotation], report: Converted) -> None:
        docs = DocBin(store_user_data=True)
        vocab = Vocab()
        for annotation in annotations:
            docs.add(_doc(annotation, vocab, report))
        with replacing(target) as file:
            file.write(docs.to_bytes())


def _docs(source: Path) -> Iterator[Doc]:
    with reading(source):
        content = source.read_bytes()
    try:
        docs = DocBin().from_bytes(content)
    except Exception as error:  # zlib's, msgpack's and spaCy's own: nothing in common
        raise BadInput(f"{source}: not a DocBin of spaCy's ({type(error).__name__})") from None
    yield from docs.get_docs(Vocab())


def _seen(doc: Doc) -> list[Place]:
    grouped = [_place(span) for group in doc.spans.values() for span in group]
    known = set(grouped)
    return grouped + [place for place in map(_place, doc.ents) if place not in known]


def _place(span: Any) -> Place:
    return Place(span.start_char, span.end_char, span.label_)


def _label(span: Span) -> str:
    """A label as spaCy can hold it: an empty one would mean that nothing is known."""
    return written(span.label) or "_"


def _doc(annotation: Annotation, vocab: Vocab, report: Converted) -> Doc:
    text = written(annotation.phrase.text)
    tokens, spaces, starts, ends = _tokens(text, annotation.spans)
    doc = Doc(vocab, words=tokens, spaces=spaces)
    doc.user_data[CARRIED] = one_line(packed(annotation))
    made = {
        id(span): SpacySpan(doc, starts[span.start], ends[span.end], label=_label(span))
        for span in annotation.spans
    }
    # `spacy debug data` turns down an entity that begins or ends in a blank.
    fit = [span for span in annotation.spans if span.text == span.text.strip()]
    entities = longest(fit)
    doc.spans[KEY] = list(made.values())
    doc.ents = [made[id(span)] for span in entities]
    report.told["spans in doc.spans alone, not in doc.ents"] += len(made) - len(entities)
    return doc


def _tokens(
    text: str, spans: Sequence[Span]
) -> tuple[list[str], list[bool], dict[int, int], dict[int, int]]:
    """Tokens, whether a blank follows each, and the token that begins (ends before) an offset."""
    begins = {span.start for span in spans}
    finishes = {span.end for span in spans}
    edges = {0, len(text)} | begins | finishes
    edges.update(edge for word in words(text) for edge in word)
    tokens: list[str] = []
    spaces: list[bool] = []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for start, end in pairwise(sorted(edges)):
        folds = text[start:end] == " " and start not in begins and end not in finishes
        if folds and tokens and not spaces[-1]:
            spaces[-1] = True
            continue
        starts[start] = len(tokens)
        tokens.append(text[start:end])
        spaces.append(False)
        ends[end] = len(tokens)
    return tokens, spaces, starts, ends
