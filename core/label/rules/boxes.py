"""Boxes of a form, ticked or not, read as the words they stand for.

The text keeps its length: what a box answers is written over it and its neighbours, the rest of
them blanked, so that an offset into what is left is one into the line.
"""

import re
from collections.abc import Callable

from core.read.words.shape import Shape

_EMPTY = r"(?:\[\s*\]|\(\s{1,3}\)|\|_+\||[☐□◻⬜])"
_TICKED = r"(?:[\[(]\s?[x✓✔]\s?[\])]|[☒☑■✅])"
_BOX = Shape(rf"(?P<empty>{_EMPTY})|{_TICKED}")
_BEFORE = re.compile(r"(?:^|[:|]|\s{3})\W*$")
_ANSWER = re.compile(r"\b(?:assent|no\b|mai\b|neg)")
_ITEM_END = re.compile(r"[;|]|\s{3,}(?=\w)")
# Diabete [x] [ ], in columns of yes and no; Diabete [x] si [ ] no.
_COLUMNS = re.compile(
    rf"(?P<gap>\s?)(?P<one>{_EMPTY}|{_TICKED})\s*(?P<other>{_EMPTY}|{_TICKED})(?!\s*\w+\s*{_EMPTY})"
)
_YES, _NO = r"(?:si|presente|s)", r"(?:no|assente|n)"
_CHOICE = re.compile(
    rf"\s?:?(?P<gap>\s?)(?P<one>{_EMPTY}|{_TICKED})\s*(?P<first>{_YES}|{_NO})\b[\s/,-]*"
    rf"(?P<other>{_EMPTY}|{_TICKED})\s*(?:{_YES}|{_NO})\b"
)
# The answer before its box: si [x] no [ ].
_CHOICE_BEHIND = re.compile(
    rf"\s?:?(?P<gap>\s)(?P<first>{_YES}|{_NO})\s?(?P<one>{_EMPTY}|{_TICKED})[\s/,-]*"
    rf"(?:{_YES}|{_NO})\s?(?P<other>{_EMPTY}|{_TICKED})"
)
_STOP = re.compile(r"[.,;](?=\s|$)")
_ENDED = re.compile(r"\s*(?:$|[.,;)(])")
_TOKEN = re.compile(r"\s*[^\s.,;]+")


def answered(text: str, yes_first: bool = True) -> str:
    """A folded line as its ticks leave it. `yes_first`: in columns, which of two boxes says yes."""
    if _BOX.search(text) is None:
        return text
    text = _CHOICE.sub(_chosen(None), text)
    text = _CHOICE_BEHIND.sub(_chosen(None), text)
    text = _COLUMNS.sub(_chosen(yes_first), text)
    boxes = list(_BOX.finditer(text))
    if boxes and _BEFORE.search(text[: boxes[0].start()]):
        return _of_items(text, boxes)
    return _of_options(text)


def _chosen(yes_first: bool | None) -> Callable[[re.Match[str]], str]:
    """What stands for two boxes, of which one is ticked: `: si`, `: no`, and ` ?` in doubt."""

    def said(match: re.Match[str]) -> str:
        first, other = (_is_ticked(match[name]) for name in ("one", "other"))
        yes = yes_first if yes_first is not None else match["first"].startswith(("s", "p"))
        answer = " ?" if first is other else ": si" if first is yes else ": no"
        return answer.ljust(len(match[0]))[: len(match[0])]

    return said


def _is_ticked(box: str) -> bool:
    return re.fullmatch(_EMPTY, box) is None


def _of_items(text: str, boxes: list[re.Match[str]]) -> str:
    """A form whose boxes stand before the words they ask: empty ones and their words blanked.

    Boxes behind the words ("Diabete [x]") are left to the cues behind a concept.
    """
    for box, following in zip(boxes, [*(b.start() for b in boxes[1:]), len(text)], strict=True):
        end = box.end()
        if box["empty"] and not _ANSWER.search(text, end, following):
            stop = _ITEM_END.search(text, end, following)
            end = stop.start() if stop else following
        text = _blanked(text, box.start(), end)
    return text


def _of_options(text: str) -> str:
    """`ECG [x] sinusale [ ] FA`: of several boxes the ticked one's words are left."""
    boxes = list(_BOX.finditer(text))
    groups: list[list[re.Match[str]]] = []
    for box in boxes:
        near = groups and not _STOP.search(text, groups[-1][-1].end(), box.start())
        groups[-1].append(box) if near else groups.append([box])
    for group in groups:
        if len(group) < 2 or sum(box["empty"] is None for box in group) != 1:
            continue
        if not _TOKEN.match(text, group[-1].end()):
            continue  # the boxes stand behind their words
        ends = [box.start() for box in group[1:]]
        words = max(
            len(text[one.end() : end].split()) for one, end in zip(group, ends, strict=False)
        )
        ends.append(_behind(text, group[-1].end(), words))
        if len(group) == 2 and not _ENDED.match(text, ends[-1]):
            continue  # M [x] F [ ] nato a Urbania
        for box, end in zip(group, ends, strict=True):
            text = _blanked(text, box.start(), end if box["empty"] else box.end())
    return text


def _behind(text: str, start: int, words: int) -> int:
    """Where the last option ends: it has as many words as the longest of the others."""
    for _ in range(words):
        token = _TOKEN.match(text, start)
        start = token.end() if token else start
    return start


def _blanked(text: str, start: int, end: int) -> str:
    return f"{text[:start]}{' ' * (end - start)}{text[end:]}"
