"""Lines that a page's width broke -> whole again.

A phrase is one line, so a sentence cut by the page must be joined and two lines of a list must not.
The sign of a cut: the next line's first word would not have fitted. The rest are brakes.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.read.cleaning.line import Line
from core.read.sections.headings import find_heading
from core.read.words.mapped import Mapped, joined

# Words that no line of a list ends with: after one of them the sentence goes on.
_OPEN_WORDS = frozenset(
    """a ad al allo alla ai agli alle all con col coi da dal dallo dalla dai dagli dalle dall di del
    dello della dei degli delle dell d e ed o od oppure in nel nello nella nei negli nelle nell per
    su sul sullo sulla sui sugli sulle sull tra fra il lo la i gli le l un uno una un' che cui non
    come verso presso mediante durante dopo prima senza sotto sino fino entro circa nonché quale
    quali quando mentre se si è sono ha viene vengono veniva era anche più molto suo sua suoi sue
    questo questa tale ogni the of and with to for no nè né nessun nessuna nega""".split()
)
_NO_END = frozenset(
    {"no", "nè", "né", "nessun", "nessuna", "di", "da", "della", "del", "per", "con"}
)
_BROAD = 45  # characters: a line as long as this, ending in such a word, goes on with a capital too
_OPEN_ENDS = ("(", "/", ",", " -", " –", " +")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:dott|dr|dssa|dott\.ssa|prof|sig|sig\.ra|sigg|pz|pt|ca|es|ad es|cfr|tel|art|n|"
    r"nr|max|min|pag|vs|v|s|c|p|ecc|int|post|ant|dx|sn|sx|lat|inf|sup|med|rif|ev|sec|"
    r"gen|feb|mar|apr|mag|giu|lug|ago|set|sett|ott|nov|dic|(?-i:[A-Z]))\.$",
    re.IGNORECASE,
)
_BULLET = re.compile(
    r"[•·►✓→]|[-–—*+>]\s+\S|[-–—*][^\W\d]|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,4})[.)]\s"
)
_LABEL = re.compile(r"[A-ZÀ-Ý][^:.;]{0,38}:(?:\s|$)")
_DOSE = (
    r"\d+(?:[.,]\d+)?(?:\s?/\s?\d+(?:[.,]\d+)?)?\s?"
    r"(?:mcg|mg|gr?|µg|ml|ui|u\.i\.|u|cpr?|cps|fl|gtt|%)\b"
)
_DRUG = re.compile(
    rf"(?-i:[A-ZÀ-Ý])[\w'’./®+-]+(?:\s+[\w'’./®()+-]+){{0,3}}\s+{_DOSE}", re.IGNORECASE
)
_DATED = re.compile(
    r"(?:\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?|\d{1,2}-\d{1,2}-\d{2,4}|\d{4}-\d\d-\d\d)"
    r"(?=\s|:|$)(?!\s*c(?:p|pr|ps|ompress\w*)?\b)"
)
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\xad‐¬]$")
_KEPT_PREFIXES = frozenset(
    "post pre ex non extra intra inter anti aorto ace beta calcio cardio sub semi auto mini".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_WORD_END = re.compile(r"[^\W\d_]+$")
_SHORT, _LONG = 20, 30  # characters: a shorter line does not run over into the next
_SLACK = 0.02  # a share of the margin
_RUNS = 2


@dataclass(frozen=True, slots=True)
class _Margins:
    """Where lines turn over: in the whole document, where that can be seen, and in each block."""

    document: float | None
    block: dict[int, float]


def joined_lines(lines: Sequence[Line]) -> list[Line]:
    """The lines, wrapped ones whole again; blank lines stay."""
    margins = _margins(lines)
    written = frozenset(word.casefold() for line in lines for word in _WORD.findall(line.text))
    done: list[Line] = []
    for above, line in zip([None, *lines], lines, strict=False):
        if above is not None and _goes_on(above, line, margins):
            whole = _mended(done[-1].words, line.words, written)
            done[-1] = replace(done[-1], words=whole)
        else:
            done.append(line)
    return done


def _margins(lines: Sequence[Line]) -> _Margins:
    block: dict[int, float] = {}
    members: list[Line] = []
    for line in [*lines, None]:
        if line is not None and line.text and not line.apart:
            members.append(line)
            continue
        widest = max((member.right for member in members), default=0.0)
        block |= {id(member): widest for member in members}
        members = []
    return _Margins(_margin(lines), block)


def _margin(lines: Sequence[Line]) -> float | None:
    """The margin that explains most of the lines at whose end a sentence is seen to run over.

    Each of them ended at or before it, and had no room for the next line's first word.
    """
    runs = [
        (above.right, above.right + above.unit * (1 + _first_word(below)))
        for above, below in pairwise(lines)
        if (below.text[:1].islower() or above.text.isupper() and below.text.isupper())
        and len(above.text) >= _LONG
        and above.text[-1] not in ".!?:"
    ]
    lows, highs = sorted(low for low, _ in runs), sorted(high for _, high in runs)
    explained = {low: bisect_right(lows, low) - bisect_right(highs, low) for low in lows}
    best = max(explained, key=lambda low: (explained[low], low), default=0.0)
    beyond = sum(line.right > best * (1 + _SLACK) for line in lines if not line.apart)
    return best if explained.get(best, 0) >= max(_RUNS, beyond) else None


def _first_word(line: Line) -> int:
    return len(line.text.split(" ", 1)[0])


def _full(above: Line, below: Line, margin: float | None) -> bool:
    """Whether the first word of the line below would not have fitted on the line above."""
    if margin is None or len(above.text) < _LONG:
        return False
    return above.right + above.unit * (1 + _first_word(below)) > margin * (1 - _SLACK)


def _goes_on(above: Line, line: Line, margins: _Margins) -> bool:
    first, second = above.text, line.text
    if not first or not second or above.apart or line.apart or _BULLET.match(second):
        return False
    if _is_bare_heading(first) or _opens_section(second):
        return False
    if _HYPHEN.search(first) and (second[0].islower() or second[0].isupper() and first.isupper()):
        return True
    full = _full(above, line, margins.document)
    ended = first[-1] in ".!?" and not _ABBREVIATION.search(first)
    if ended or first[-1] in ":;" and not (full and second[0].islower()):
        return False
    is_open = first.endswith(_OPEN_ENDS) and full or _last_word(first) in _OPEN_WORDS
    if _LABEL.match(second) or _DATED.match(second) or _DRUG.match(second):
        return is_open and full
    if second[0].islower() or second[0] in "(%)":
        if is_open:
            return len(first) >= _SHORT or full
        if _DRUG.match(first[:1].upper() + first[1:]) and _DRUG.match(second.capitalize()):
            return False
        return full or _full(above, line, margins.block.get(id(above)))
    if is_open and not full:
        return len(first) >= _BROAD and _last_word(first) in _NO_END
    if is_open or not full:
        return is_open and full
    return above.page == line.page and not _in_list(above, line)


def _in_list(above: Line, line: Line) -> bool:
    """Whether a line that begins with a capital is more likely the next item than the same one."""
    indent = line.left - above.left
    if _BULLET.match(above.text):
        return indent < above.unit
    drugs = _DRUG.match(above.text) is not None and line.text[0].isalpha()
    return drugs or indent > 4 * above.unit


def _is_bare_heading(text: str) -> bool:
    heading = find_heading(text)
    return heading is not None and heading.bare


def _opens_section(text: str) -> bool:
    return not text[0].islower() and find_heading(text) is not None


def _last_word(text: str) -> str:
    return re.split(r"[\s'’(]", text.casefold().rstrip("'’"))[-1]


def _mended(above: Mapped, below: Mapped, written: frozenset[str]) -> Mapped:
    """Two halves as one: a space between, or a hyphen at the line's end taken away where it may."""
    hyphen = _HYPHEN.search(above.text)
    if hyphen is None:
        return joined((above, below), " ")
    head = _WORD_END.search(above.text[:-1])
    tail = _WORD.match(below.text)
    prefix, rest = head.group() if head else "", tail.group() if tail else ""
    whole = (prefix + rest).casefold()
    apart = f"{prefix}-{rest}".casefold()
    soft = above.text[-1] in "\xad¬"
    compound = prefix.casefold() in _KEPT_PREFIXES and whole not in written
    keeps = not rest or apart in written or compound
    return above + below if keeps and not soft else above.cut(0, len(above) - 1) + below
