"""The paper's dataset step: which phrases go, and the counts that are told of it."""

from core.learn.data.sift import Rules, Sieve
from core.records import Annotation, Phrase, Span

LONG = "Il paziente assume bisoprololo 2,5 mg al mattino."


def annotation(text: str, *quotes: str) -> Annotation:
    spans = [Span(s := text.index(q), s + len(q), "TARGET", text=q) for q in quotes]
    return Annotation(Phrase("a:1.1", "a", 0, len(text), text), tuple(spans), "llm", "x")


PHRASES = {
    "kept": annotation(LONG, "bisoprololo 2,5 mg"),
    "no span": annotation(LONG),
    "one labelled word": annotation(LONG, "bisoprololo"),
    "under 15 characters": annotation("Lasix 25 mg", "Lasix 25 mg"),
}


def sifted(rules: Rules) -> tuple[list[str], Sieve]:
    sieve = Sieve(rules)
    kept = [*sieve.through(PHRASES.values())]
    return [name for name, one in PHRASES.items() if one in kept], sieve


def test_each_rule_leaves_out_what_it_names() -> None:
    kept, sieve = sifted(Rules())
    assert kept == ["kept"]
    assert sieve.dropped == {name: 1 for name in PHRASES if name != "kept"}


def test_a_rule_left_out_keeps_its_phrases() -> None:
    assert sifted(Rules(empty=False))[0] == ["kept", "no span"]
    assert sifted(Rules(one_word=False))[0] == ["kept", "one labelled word"]
    assert sifted(Rules(shortest=0))[0] == ["kept", "under 15 characters"]


def test_words_are_counted_by_their_tag_before_and_after() -> None:
    _, sieve = sifted(Rules())
    # bisoprololo | 2 , 5 mg; Il paziente assume ... al mattino .
    assert sieve.to_json()["after"] == {"phrases": 1, "B": 1, "I": 4, "O": 6}
    assert sieve.to_json()["before"] == {"phrases": 4, "B": 3, "I": 6, "O": 27}


def test_the_histogram_is_a_drawing_without_a_word_of_the_letters() -> None:
    _, sieve = sifted(Rules())
    drawn = sieve.histogram()
    assert "<svg" in drawn and "bisoprololo" not in drawn
    assert "before: 4 phrases" in drawn and "after: 1 phrases" in drawn
    assert Sieve(Rules()).histogram()  # nothing came: still a drawing
