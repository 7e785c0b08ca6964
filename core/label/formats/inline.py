"""Answers as the phrase once more, with marks around the entities: `@@words##{name}`.

The copy without its marks is laid over the phrase, and each marked stretch is placed by its words
and their neighbours: the copy may differ from the phrase, the span never does.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.label.align import Quote
from core.label.formats import Answer, Asked, Example, Language, Place
from core.label.formats.answers import LONGEST, Unusable, spoken
from core.label.formats.copied import Copied
from core.label.formats.names import Names
from core.label.formats.sent import sendable
from core.label.formats.tagged import Word, words
from core.label.prompts import pattern, render, vocabulary
from core.records import Missing, Span
from core.schema import Schema, View

# What marks are made of is shown as its wide twin where it stands in a phrase.
_TWINS = str.maketrans("@#", "\uff20\uff03")
_BACK = str.maketrans("\uff20\uff03", "@#")
_BREAK = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_FENCED = re.compile(r"```\w*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_NUMBERED = re.compile(r"[\s*_>-]{0,9}\[(\d+)\][*_:]*[ \t]?(.*)", re.DOTALL)
_COUNTED = re.compile(r"[\s*_>-]{0,9}(?:[^\W\d_]+ )?(\d+)[.:)][*_]*[ \t]?(.*)", re.DOTALL)
_SEVERAL = re.compile(r"[,;|]")
_COVERED = 0.9
_SPARE = 32
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class _Marked:
    """A stretch of the copy and the name behind it; None where there is no name."""

    start: int
    end: int
    name: str | None


@dataclass(frozen=True, slots=True)
class _Unmarked:
    """A copy without its marks, what was marked, and words by marks that have no partner."""

    text: str
    marked: list[_Marked]
    astray: list[str]


class Inline:
    """Asks for the phrase with its entities marked. `view` chooses the names they go by."""

    name = "inline"
    whole = False
    marked = False

    def __init__(self, schema: Schema, view: View, language: Language = "it") -> None:
        self.prompt = f"inline.v1.{language}"
        self._schema = schema
        self._view = view
        self._names = Names(schema, view)

    def chunks(self) -> Sequence[tuple[str, ...]]:
        return [()]

    def messages(self, asked: Sequence[Asked]) -> list[dict[str, str]]:
        values = {
            "asked": [{"section": one.section, "line": _shown(one.text)} for one in asked],
            "examples": [self._example(e) for one in asked for e in one.examples],
        }
        return [
            {"role": "system", "content": self._system},
            {"role": "user", "content": render(self.prompt, "user", values)},
        ]

    def again(self, asked: Sequence[Asked]) -> dict[str, str]:
        return {"role": "user", "content": render(self.prompt, "again", {"count": len(asked)})}

    @cached_property
    def _system(self) -> str:
        values = {
            **vocabulary(self._schema, self._view),
            "example": lambda marked: self._example(pattern(marked, self._schema, self._view)),
        }
        return render(self.prompt, "system", values)

    def _example(self, example: Example) -> dict[str, str]:
        """The two sides of an example as the model sees them."""
        return {
            "line": _shown(example.text),
            "answer": self.answer(example.text, example.spans),
        }

    def json_schema(self, asked: Sequence[Asked]) -> None:
        """Plain text."""

    def tokens(self, asked: Sequence[Asked]) -> int:
        """The phrase, some three characters a token, and 20 tokens an entity of two words."""
        return sum(256 + len(one.text) // 2 + 10 * len(one.text.split()) for one in asked)

    def answer(self, text: str, spans: Sequence[Span]) -> str:
        """The phrase with its marks: of spans that cross each other the first is marked."""
        opening: dict[int, int] = {}
        closing: dict[int, str] = {}
        inside: list[int] = []
        done = 0
        for span in sorted(spans, key=lambda s: (s.start, -s.end)):
            while inside and inside[-1] <= span.start:
                inside.pop()
            if inside and inside[-1] < span.end:
                continue
            inside.append(span.end)
            opening[span.start] = opening.get(span.start, 0) + 1
            # A span inside another comes later and is closed before it.
            closing[span.end] = f"##{{{span.label}}}" + closing.get(span.end, "")
        shown, pieces = _shown(text), []
        for at in sorted({*opening, *closing}):
            pieces += [shown[done:at], closing.get(at, ""), "@@" * opening.get(at, 0)]
            done = at
        return "".join(pieces) + shown[done:]

    def split(self, reply: str, count: int) -> list[str | None]:
        if count == 1:
            return [reply]
        lines = _said(reply).splitlines()
        found = _by_number(lines, _NUMBERED) or _by_number(lines, _COUNTED)
        return [found.get(number) for number in range(1, count + 1)]

    def read(self, reply: str, text: str, marks: Sequence[Place] = ()) -> Answer:
        if len(reply) > LONGEST:
            raise Unusable(f"longer than {LONGEST:,} characters")
        ours = _shown(text)
        copy = _unmarked(_copy(_said(reply), ours), self._mark)
        shown, said = words(text), words(copy.text)
        if len(copy.marked) > 2 * len(shown) + _SPARE:
            raise Unusable("more marks than words")
        copied = Copied(text, shown, [word.text for word in said])
        # Marks of the phrase itself, put back by the model, may only count with a name.
        nameless = "@@" not in text and "##" not in text
        spans: list[Span] = []
        missing = [Missing(quote) for quote in copy.astray]
        strangers = 0
        for marked in copy.marked:
            quote = copy.text[marked.start : marked.end]
            for name in self._names_in(marked.name):
                known = self._names.find(name) if name or nameless else None
                if known is None:
                    strangers += 1
                    missing.append(Missing(quote))
                    continue
                placed, lost = _placed(copied, said, marked, Quote(quote, *known))
                spans += placed
                missing += lost
        once = {(span.start, span.end, span.label, span.field): span for span in spans}
        return Answer(
            tuple(sorted(once.values(), key=lambda span: (span.start, -span.end))),
            tuple(lost for lost in missing if lost.quote.strip()),  # some marks hold nothing
            copied.unanswered,
            strangers,
        )

    @cached_property
    def _mark(self) -> re.Pattern[str]:
        """A mark: the opening one, or the closing one with the name, braces or no braces."""
        known = {name for field in self._schema.fields.values() for name in field.aliases}
        known |= {*self._schema.fields, *self._schema.labels(self._view)}
        names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
        return re.compile(
            r"@@|##[ \t]*\{[ \t]*(?P<braced>[^{}\n]{0,100}?)[ \t]*\}"
            rf"|##[\[({{]?(?P<bare>{names})(?!\w)[\])}}]?|##",
            re.IGNORECASE,
        )

    def _names_in(self, said: str | None) -> Sequence[str | None]:
        """The name behind a mark, or several, as in {dapt, antiaggregante}."""
        if said is None or self._names.find(said):
            return [said]
        names = [name.strip() for name in _SEVERAL.split(said)]
        return names if all(self._names.find(name) for name in names) else [said]


def _shown(text: str) -> str:
    """A phrase as it is sent: one line, no marks of its own, offsets as they were."""
    return _BREAK.sub(" ", sendable(text)).translate(_TWINS)


def _said(reply: str) -> str:
    """A reply without reasoning and fence."""
    said = spoken(reply)
    fenced = [inner for inner in _FENCED.findall(said) if inner.strip()]
    return (fenced[-1] if fenced else said).strip().strip("`")


def _by_number(lines: Sequence[str], form: re.Pattern[str]) -> dict[int, str]:
    """Numbered lines, each with those that follow it. A number given twice is no answer."""
    found: dict[int, list[list[str]]] = {}
    open_: list[str] = []
    for line in lines:
        if match := form.match(line):
            open_ = [match[2]]
            found.setdefault(int(match[1][:9]), []).append(open_)
        elif line.strip():
            open_.append(line)
    return {n: "\n".join(given[0]) for n, given in found.items() if len(given) == 1}


def _copy(said: str, ours: str) -> str:
    """The line of a reply that repeats the phrase, the last of several; else all of the reply."""
    wanted = Counter(word.text.casefold() for word in words(ours))
    for line in reversed(said.splitlines()):
        given = Counter(word.text.casefold() for word in words(line))
        if (given & wanted).total() >= _COVERED * wanted.total():
            return line
    return said


def _unmarked(copy: str, mark: re.Pattern[str]) -> _Unmarked:
    pieces: list[str] = []
    opened: list[tuple[int, int]] = []
    marked: list[_Marked] = []
    astray: list[str] = []
    done = length = 0
    for token in mark.finditer(copy):
        pieces.append(copy[done : token.start()])
        length += len(pieces[-1])
        done = token.end()
        name = token["braced"] or token["bare"] or None
        if token.group() == "@@":
            opened.append((length, len(pieces)))
        elif opened:
            marked.append(_Marked(opened.pop()[0], length, name))
        elif name:
            astray.append(pieces[-1].strip()[-_MOST_SHOWN:])
    pieces.append(copy[done:])
    astray += [pieces[number].strip()[:_MOST_SHOWN] for _, number in opened]
    text = "".join(pieces).translate(_BACK)
    return _Unmarked(text, [_bare(text, one) for one in marked], list(filter(None, astray)))


def _bare(text: str, marked: _Marked) -> _Marked:
    """Without white space at the edges."""
    inner = text[marked.start : marked.end]
    start = marked.start + len(inner) - len(inner.lstrip())
    return _Marked(start, start + len(inner.strip()), marked.name)


def _placed(
    copied: Copied, said: Sequence[Word], marked: _Marked, quote: Quote
) -> tuple[Sequence[Span], Sequence[Missing]]:
    first = bisect_right(said, marked.start, key=lambda word: word.end)
    after = bisect_left(said, marked.end, key=lambda word: word.start)
    members = range(first, after)
    if not members:
        return (), ()
    ends = copied.run(members)
    if ends is None:
        found = copied.between(members, quote)
        return found.spans, found.missing
    left, right = (pair for pair in zip(ends, (said[first], said[after - 1]), strict=True))
    # A mark inside a word holds where the word is the same in both.
    start, end = left[0].start, right[0].end
    if left[0].text == left[1].text:
        start += max(marked.start - left[1].start, 0)
    if right[0].text == right[1].text:
        end -= max(right[1].end - marked.end, 0)
    return (copied.span(start, end, quote),), ()
