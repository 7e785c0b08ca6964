"""Expressions that are tried only where a word they need stands: found is what `re` finds."""

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.label.rules
from core.label.rules.lexicon import LEXICON, read_lexicon
from core.read.words.fold import fold
from core.read.words.shape import Shape, needed
from core.schema import default_schema
from tests.places import DATA

NEEDED = {
    "a word": (r"\bnega\b", {"nega"}),
    "the longest of a row": (r"da\s+ieri", {"ieri"}),
    "one of each choice": (r"\b(?:padre|madre)\b", {"padre", "madre"}),
    "choices with what stands before them": (r"r(?:itmo?|x)", {"ritm", "rx"}),
    "of a word and a longer one the word": (r"opera(?:zione)?|operato", {"opera"}),
    "what is seen ahead and behind": (r"(?<=tipo )\d(?= ma)", {"tipo "}),
    "what comes once or oftener": (r"(?:mai )+\d*", {"mai "}),
    "signs of a class": (r"[♀♂]", {"♀", "♂"}),
    "nothing: a choice may be empty": (r"a|bc|", set()),
    "nothing: it may be left out": (r"(?:abc)?\d", set()),
    "nothing: the same letters in capitals match": (r"(?i)abc", set()),
    "nothing: in capitals inside brackets": (r"(?i:abc)\d", set()),
    "nothing: what must not stand there": (r"(?!abc)\d", set()),
    "nothing: a class of many": (r"[^abc]\d", set()),
}
SMALL = [expression for expression, _ in NEEDED.values()]


@pytest.mark.parametrize("case", NEEDED.values(), ids=NEEDED)
def test_the_needed_words_are_read_off_the_expression(case: tuple[str, set[str]]) -> None:
    expression, words = case
    assert needed(expression) == words


@given(
    st.sampled_from(SMALL),
    st.lists(st.sampled_from("a b c abc nega padre rit rx opera tipo mai ieri da 1 ♀ ma".split())),
    st.integers(0, 12),
)
def test_a_shape_finds_what_re_finds(expression: str, words: list[str], start: int) -> None:
    _same(Shape(expression), " ".join(words), start)


def test_the_shapes_of_the_rules_find_what_re_finds() -> None:
    sayings = (DATA / "sayings.txt").read_text(encoding="utf-8")
    lines = {fold(line) for line in sayings.splitlines()}
    shapes = {shape.pattern: shape for shape in _shapes()}
    assert len(shapes) > 150
    for shape in shapes.values():
        plain = re.compile(shape.pattern)
        for line in lines:
            assert _place(shape.search(line)) == _place(plain.search(line)), (shape.pattern, line)


def _shapes() -> Iterator[Shape]:
    """Those of the modules of the rules, and those of the lexicon."""
    for module in iter_modules(core.label.rules.__path__, "core.label.rules."):
        for named in vars(import_module(module.name)).values():
            several = named if isinstance(named, tuple) else (named,)
            yield from (one for one in several if isinstance(one, Shape))
    known = read_lexicon(LEXICON, default_schema())
    for concept in known.concepts:
        yield from (shape for shape in (concept.needs, concept.unless) if shape)
    for table in ("context", "stages", "drug_shapes"):
        yield from (known.shape(table, name) for name in known.tables[table])
    yield from (Shape(said) for said in known.tables["past"].values() if isinstance(said, str))


def _same(shape: Shape, text: str, start: int) -> None:
    plain = re.compile(shape.pattern)
    assert _place(shape.search(text, start)) == _place(plain.search(text, start))
    assert [*map(_place, shape.finditer(text))] == [*map(_place, plain.finditer(text))]
    assert shape.sub("_", text) == plain.sub("_", text)


def _place(match: re.Match[str] | None) -> tuple[int, int] | None:
    return match.span() if match else None
