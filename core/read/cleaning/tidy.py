"""One line of a reader's text -> the same line without marks that say nothing to a clinician.

Markdown, HTML, control characters, odd spaces, ligatures and decoration go; accents, case, bullets
and numbers stay as they are.
"""

import html
import re
import unicodedata

from core.read.words.mapped import Mapped

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?:https?:|mailto:|#|/|\.)[^)\s]*\)")
_TAG = re.compile(
    r"</?(?:a|b|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|s|small|span|strong|sub|sup|table|tbody|td|"
    r"th|thead|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?-->")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|agrave|egrave|eacute|igrave|ograve|ugrave);")
_ENTITIES = {f"&{name};": html.unescape(f"&{name};") for name in (
    "amp", "lt", "gt", "quot", "apos", "nbsp",
    "agrave", "egrave", "eacute", "igrave", "ograve", "ugrave",
)}  # fmt: skip
_HEADING = re.compile(r"^\s{0,3}#{1,6}(?=\s|[^\W\d])\s*|(?<=\S)\s+#+\s*$")
_EMPHASIS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\*\*(?=\S)(.+?)(?<=\S)\*\*",
        r"(?<!\w)__(?=\S)(.+?)(?<=\S)__(?!\w)",
        r"(?<![\w*\\])\*(?=[^\s*])([^*]+?)(?<=[^\s\\])\*(?![\w*])",
        r"(?<![\w\\])_(?=[^\s_])([^_]+?)(?<=[^\s\\])_(?!\w)",
        r"`([^`]+)`",
    )
)
_LEFT_STARS = re.compile(r"\*{2,}|^`{3,}.*$")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|~>$])")
_TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?)?\s*$")
_PIPES = re.compile(r"(?<!\\)\|")
_BORDERS = re.compile(r"(?<!\S)\|+|\|+(?!\S)")
_DECORATION = re.compile(
    r"(?:[_=~•·—–─━═█*#]\s?){4,}|\.{4,}|-{4,}|(?:\.\s){4,}\.?|…{2,}|(?:- ){3,}-"
)
_SYMBOLS = re.compile(r"[■□▪▫◼◻●○◦‣⁃∙\uf0b7\uf0a7\uf0d8\uf0fc\uf02d]")
_BULLET = dict.fromkeys("■□▪▫◼◻●○◦‣⁃∙\uf0b7\uf0a7\uf0d8\uf0fc\uf02d", "•")
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ue000-\uf8ff]"
)
_SOFT_HYPHEN = re.compile("\xad(?!\\s*$)")
_LIGATURES = {c: unicodedata.normalize("NFKC", c) for c in "ﬀﬁﬂﬃﬄﬅﬆ"}
_LIGATURE = re.compile("[ﬀﬁﬂﬃﬄﬅﬆ]")
_COMBINED = re.compile(r"[^\W\d_][\u0300-\u036f]+")
_BLANKS = re.compile(r"[^\S ]\s*| \s+")


def tidied(line: Mapped) -> tuple[Mapped, bool]:
    """The line as it shall stand, and whether Markdown held it for a heading or a table's row."""
    if _TABLE_RULE.match(line.text):
        return line.cut(0, 0), True
    line = line.replace(_ENTITY, _ENTITIES) if "&" in line.text else line
    line = _unmarked(line)
    apart = _HEADING.match(line.text) is not None
    if "#" in line.text:
        line = line.keep(_HEADING)
    row = line.text.strip()
    if row.startswith("|") or row.count("|") > 1:
        apart = True
        line = line.replace(_PIPES, " ")
    elif " | " in row:
        apart = True
        line = line.replace(_BORDERS, " ")
    elif "|" in row:
        line = line.replace(_BORDERS, " ")
    return _plain(line), apart


def _unmarked(line: Mapped) -> Mapped:
    """Without images, links, tags and emphasis."""
    text = line.text
    if "](" in text:
        line = line.keep(_IMAGE).keep(_LINK, 1)
    if "<" in text:
        line = line.keep(_COMMENT).replace(_TAG, " ")
    if any(mark in text for mark in "*_`"):
        for pattern in _EMPHASIS:
            line = line.keep(pattern, 1)
        line = line.keep(_LEFT_STARS)
    return line.keep(_ESCAPE, 1) if "\\" in text else line


def _plain(line: Mapped) -> Mapped:
    """Without control characters, decoration, ligatures, odd and doubled spaces."""
    if not line.text.isascii():
        line = line.replace(_SYMBOLS, _BULLET).keep(_CONTROLS).keep(_SOFT_HYPHEN)
        line = line.replace(_LIGATURE, _LIGATURES)
        marked = {m.group() for m in _COMBINED.finditer(line.text)}
        if marked:
            line = line.replace(_COMBINED, {m: unicodedata.normalize("NFC", m) for m in marked})
    else:
        line = line.keep(_CONTROLS)
    return line.replace(_DECORATION, " ").replace(_BLANKS, " ").stripped()
