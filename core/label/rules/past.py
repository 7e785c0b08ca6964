"""What needs more than a word: earlier heart operations, a second one now, death, NYHA."""

import re
from collections.abc import Iterator

from core.label.rules.context import Context, Cues
from core.label.rules.lexicon import Lexicon
from core.label.rules.outcome import truth
from core.label.rules.stage import Stages
from core.label.rules.words import Line
from core.read.words.fold import fold
from core.read.words.shape import Shape
from core.records import State, Value

Told = tuple[int, int, str, State, Value | None]
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_ORDINAL = {"prima": "i", "seconda": "ii", "terza": "iii", "quarta": "iv"}
_ORDINAL |= {"uno": "i", "due": "ii", "tre": "iii", "quattro": "iv"}
_COMPLICATED = Shape(
    r"\b(?:sanguin|tampon|emostas|mediastin|ferita|versament|deiscen|emotorac|ematom)"
)
_YEAR_NEXT = re.compile(r"\W{1,3}(?:fino al|nel|dal|al|nell'anno)\W{1,2}(?:\w+\W)?(?:19|20)\d\d\b")
_WHY_BEFORE = Shape(
    r"\b(?:per|a causa di|in seguito a|data la|vista la|stante la|stante)\s(?:la |il "
    r"|l'|un |una |un')?"
    r"(?P<why>(?!cui\b|il quale\b)(?:(?!\bper\b)[^.;:])+?)\s?[,:]?\s?(?:si (?:e )?(?:rende\w*"
    r"|rese?|reso"
    r"|decide\w*|opta\w*|procede\w*)"
    r"[^.;:]{0,30}|(?:[vc]i )?(?:si e |si |siamo (?:stati )?|abbiamo |ha |hanno )?(?:dovut[oaie]"
    r"|costrett[oaie]|deve|dovemmo"
    r"|dovette) [^.;:]{0,25}|e stat[ao] [^.;:]{0,25}"
    r"|abbiamo [^.;:]{0,25}|e necessari[oa] [^.;:]{0,15}|occorre\w* [^.;:]{0,15}|viene |veniva "
    r"|necessita di |quindi |pertanto |si )?$"
)
# What forces the hand, told as a reason: "rigurgito residuo, per cui si riprende la CEC".
_THEREFORE = re.compile(
    r"(?P<why>[^.;:]+?)\s?[,:]?\s?(?:\b(?:per cui|ragion per cui|motivo per (?:il quale|cui)"
    r"|percio|pertanto|quindi|onde|sicche"
    r"|di conseguenza|tale da|che|ha|ci|hanno|lo|tanto da|con necessita di|con"
    r"|allorche)\b[^.;:]{0,60}"
    r"|\b(?:impone|imponeva|richiede|richiedeva|costringe|costringeva|obbliga|obbligava|rende"
    r"|rendeva)\w*\b[^.;:]{0,40}"
    r"|[:,]\s?(?:si (?:rientra|riprende|torna|riparte)\w*|pertanto |quindi )[^.;:]{0,60}|:\s?)$"
)
_LEADS_IN = re.compile(
    r"(?:.*\b(?:c'era|v'era|vi era|si (?:vedeva|notava|osservava|trovava)|evidenzi\w+"
    r"|riscontr\w+(?:"
    r"(?: \w+)? di)?|mostr\w+|document\w+|rivel\w+|rilev\w+|comparsa di"
    r"|comparve|compare"
    r"|evidenza di|presenza di|residua\w*|persist\w+(?: di)?|svezzamento|distacco|uscita"
    r"|controllo(?: \w+){0,2}|ete|eco\w*"
    r"|cec|circolazione extracorporea|extracorporea|prova idraulica|allorche|causa)\b"
    r"|per\b)[\s,:]*(?:un |una |un'|il |la |lo |l')?"
)
_CAUSE_SECTION = Shape(r"\bcausa\b.*\b(?:decesso|morte|exitus|mortis)")
_PLACE = re.compile(
    r"\s(?:presso|da noi|in altr[oa]|altrove|eseguit|effettuat|all'eta|a(?=\s[A-Z]))"
)
_REDO_CLAUSE = re.compile(r"(?:[^.;:,()]|(?<=\d)[.,](?=\d))*(?:\s?\([^()]{1,80}\))?")
_OWN = Shape(r"\b(?:paziente|pz|lui|lei|sig\w*)\b|\be stat[oa] sottopost")
_YEAR_BEHIND = re.compile(r"\s*[,(]?\s*(?:\b(?:nel|nell'anno|anno|del|dal|in data)\b[\s\w/]*)?$")


_OPENED_AGAIN = re.compile(
    r"r[ei]-?\s?(?:sternotomia|apertura (?:dello sterno|sternale)(?! (?:per|in|d'|urg)))"
)  # a redo begins with it, too
# A redo in the telling: essendo un reintervento siamo passati da destra.
_REDONE = re.compile(
    r"(?<=essendo un )re|(?<=trattandosi di )re|(?<=trattandosi di un )re|(?<=trattava di un )re"
)
_NEXT_TO = 14  # characters: the death of "il padre", not at the side of one
_SHORTEST = 4  # characters of a cause
# Riportata in sala per revisione dell'emostasi: what was done there is the kind.
_BACK_IN = re.compile(r"(?:riport|torn|ricondott|rientr|ritorn|di nuovo|nuovamente|ripres)\w*")
_FOR_WHAT = re.compile(
    r"(?:[^.;:]|\bdott\.|\bprof\.){0,50}?\b(?:per|x|fatt[oa]|esegu\w+|pratic\w+|effettu\w+"
    r"|dove si \w+"
    r"|sottopost[oa] a)\s(?:una? |la |il |l')?"
    r"(?=(?:revis|riapert|drenagg|evacuaz|emostasi|resutur|toil|sutur|legatur|riparaz|resint"
    r"|risint|esploraz|riesploraz|laparo|toraco|lavagg)\w*)"
)


_MORE_DONE = re.compile(
    r"(?:,\s(?:con(?! (?:dimission|beneficio|decorso|un[ao]?\b))|toilet\w*|chiusura|evacuazione"
    r"|drenaggio"
    r"|emostasi|lavaggio|r?e?sutura|revis\w+"
    r"|rimozione|plastica|legatura|nuova sintesi)\b(?:[^.;,(]|(?<=\d)[.,](?=\d))*)+"
)


def _told_before(line: Line, first: int, start: int) -> re.Match[str] | None:
    """The reason in front of what follows from it, in this sentence."""
    return _THEREFORE.match(line.folded[:start], first)


class Past:
    """The shapes of `[past]` in the lexicon."""

    def __init__(self, lexicon: Lexicon, context: Context, stages: Stages) -> None:
        table = lexicon.tables["past"]
        self._operations = lexicon.shape("past", "operations")
        self._nyha = [Shape(rf"\b{shape}") for shape in table["nyha"]]
        self._shapes = {
            name: Shape(shape) for name, shape in table.items() if isinstance(shape, str)
        }
        self._context, self._stages = context, stages

    def found(self, line: Line, cues: Cues) -> Iterator[Told]:
        """Start, end, field, state, value of all that the shapes tell of a line."""
        yield from self._nyha_class(line, cues)
        yield from self._redo(line, cues)
        yield from self._second_operation(line, cues)
        yield from self._death(line, cues)

    def why_before(self, line: Line, start: int) -> tuple[int, int] | None:
        """The cause named in front: per disfunzione del ventricolo destro si rientra in CEC."""
        first, _ = line.sentence(start)
        match = _WHY_BEFORE.search(line.folded, first, start) or _told_before(line, first, start)
        if match is None:
            return None
        begin, end = match.span("why")
        lead = _LEADS_IN.match(line.folded, begin, end) if match.re is _THEREFORE else None
        place = _trimmed(line, lead.end() if lead else begin, end)
        return place if place[1] - place[0] > _SHORTEST else None

    def why(self, line: Line, end: int) -> tuple[int, int] | None:
        """The cause named behind a place: per ..., a causa di ..."""
        match = self._shapes["why"].match(line.folded, end)
        place = _trimmed(line, *match.span("why")) if match else (0, 0)
        return place if place[0] < place[1] else None

    def _nyha_class(self, line: Line, cues: Cues) -> Iterator[Told]:
        if not re.search(r"nyha|n\.y\.h|classe|new york heart", line.folded):
            return
        told: list[tuple[bool, Told]] = []
        for shape in self._nyha:
            for match in shape.finditer(line.folded):
                if self._stages.of(line, *match.span()) in ("after", "discharge"):
                    continue
                if any(one[0] < match.end() and match.start() < one[1] for _, one in told):
                    continue
                named = [_ORDINAL.get(g, g) for g in match.group("a", "b") if g]
                said = [g.replace("l", "i") for g in named]  # OCR: ll, Il
                grades = [_ROMAN.get(g) or int(g) for g in said]
                # "Non dispnea rilevante (NYHA I)": the class is what is left of it.
                state = self._context.state(line, cues, *match.span())
                state = "present" if state == "negated" else state
                old = _YEAR_NEXT.match(line.folded, match.end()) is not None
                place = _trimmed(line, *match.span())
                told.append((old, (*place, "classe_nyha", state, max(grades))))
        # "NYHA II nel 2021, ora NYHA III": the one of today counts.
        now = [one for old, one in told if not old]
        yield from now or [one for _, one in told]

    def _redo(self, line: Line, cues: Cues) -> Iterator[Told]:
        """The last operation on the heart before this one: which, and in what year."""
        latest: tuple[tuple[int, int], re.Match[str] | None] | None = None
        for match in self._operations.finditer(line.folded):
            start, end = match.span()
            stage = self._stages.of(line, start, end)
            # "Nel 2017 sostituzione aortica, con decorso regolare" is no course of this stay.
            told = line.section == "Anamnesi" and self._context.is_old(line, start, end)
            if stage in ("after", "discharge") and not told:
                continue
            first, last = line.sentence(start)
            left = line.folded[first:start]
            if any(first <= kin[0] < start for kin in cues.relatives) and not _OWN.search(left):
                continue
            years = list(self._shapes["year"].finditer(line.folded, first, last))
            is_past = bool(self._shapes["cues"].search(left))
            if stage != "stay":
                is_past = is_past or self._context.is_old(line, start, end)
            if not is_past or self._context.state(line, cues, start, end) != "present":
                continue
            clause = _REDO_CLAUSE.match(line.folded, end)
            stop = clause.end() if clause else end
            year = min(years, key=lambda y: max(start - y.end(), y.start() - end), default=None)
            if year and end <= year.start() <= stop + 12:
                stop = min(stop, end + len(_YEAR_BEHIND.sub("", line.folded[end : year.start()])))
            elsewhere = _PLACE.search(line.text, end, stop)
            stop = elsewhere.start() if elsewhere else stop
            place = _trimmed(line, start, max(stop, end))
            if latest is None or year and latest[1] and year[0] > latest[1][0]:
                latest = place, year
        if latest:
            place, year = latest
            yield *place, "Tipo di REDO", "present", line.text[slice(*place)]
            if year:
                yield year.start(), year.end(), "Anno REDO", "present", year[0]

    def _second_operation(self, line: Line, cues: Cues) -> Iterator[Told]:
        for match in self._shapes["second"].finditer(line.folded):
            start, end = match.span()
            if self._stages.of(line, start, end) == "before":
                continue
            first, last = line.sentence(start)
            stage = self._stages.of_section(line.section)
            again = _OPENED_AGAIN.match(line.folded, start) and stage == "any"
            entered = _OPENED_AGAIN.match(line.folded, start) and not self.why(line, end)
            if entered and stage == "after" and start == first and first == 0:
                continue  # the course begins with how a redo was opened
            bare = _REDONE.match(line.folded, start) and not self.why(line, end)
            if (stage == "stay" or again or bare) and not _COMPLICATED.search(
                line.folded, first, last
            ):
                continue
            if self._context.is_old(line, start, end):
                continue
            state = self._context.state(line, cues, start, end)
            yield start, end, "secondo_intervento", state, truth(state)
            clause = self._shapes["clause"].match(line.folded, end)
            if state == "present" and clause:
                colon = line.folded.find(":", end, clause.end())
                begin = colon + 1 if colon >= 0 else start
                what = _BACK_IN.match(line.folded, start) and _FOR_WHAT.match(line.folded, end)
                if what:
                    begin = what.end()
                    clause = self._shapes["clause"].match(line.folded, begin) or clause
                more = _MORE_DONE.match(line.folded, clause.end())
                place = _trimmed(line, begin, more.end() if more else clause.end())
                yield *place, "Tipo_secondo_intervento", state, line.text[slice(*place)]
            return

    def _death(self, line: Line, cues: Cues) -> Iterator[Told]:
        if _CAUSE_SECTION.search(fold(line.section or "")):
            match = self._shapes["clause"].match(line.folded)
            place = _trimmed(line, *match.span()) if match else (0, 0)
            if place[0] < place[1]:
                yield *place, "Causa_morte", "present", line.text[slice(*place)]
        cause = self._shapes["death_cause"].search(line.folded)
        if cause:
            group = next(name for name, quote in cause.groupdict().items() if quote)
            place = _trimmed(line, *cause.span(group))
            yield *place, "Causa_morte", "present", line.text[slice(*place)]
        for match in self._shapes["death"].finditer(line.folded):
            if self._stages.of_section(line.section) == "before":
                return
            first, last = line.sentence(match.start())
            state = self._context.state(line, cues, *match.span())
            behind = line.folded[match.end() : match.end() + _NEXT_TO]
            of_kin = self._shapes["dead_kin"]
            if (
                state != "present"  # a living patient is told of by no word of death
                or self._shapes["no_death"].search(line.folded, first, last)
                or of_kin.search(line.folded, first, match.start())
                or of_kin.search(behind)
            ):
                continue
            yield match.start(), match.end(), "Morte", state, truth(state)
            why = self.why(line, match.end()) or self._why_later(line, match.end(), last)
            if why and state == "present" and not cause:
                yield *why, "Causa_morte", state, line.text[slice(*why)]
            return

    def _why_later(self, line: Line, start: int, last: int) -> tuple[int, int] | None:
        """Deceduto il 3/4/2024 alle ore 12 per shock: the cause behind the date."""
        match = re.search(
            r"\b(?:per|x|a causa di|in seguito a|in quadro di|in corso di"
            r"|secondario a)\b",
            line.folded[start:last],
        )
        return self.why(line, start + match.start()) if match else None


def _trimmed(line: Line, start: int, end: int) -> tuple[int, int]:
    """Without blanks and stops at either end."""
    while end > start and line.text[end - 1] in " ,;:.\t\n\u00a0-":
        end -= 1
    while start < end and line.text[start] in " ,;:\t\n\u00a0":
        start += 1
    return start, end
