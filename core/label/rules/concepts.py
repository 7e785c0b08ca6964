"""What the concepts found in a line come to: which field, how long a span, what state and value."""

import re
from collections.abc import Iterator

from core.label.rules.context import Context, Cues, relatives_sentence
from core.label.rules.lexicon import Hit, Lexicon, Stage
from core.label.rules.past import Past
from core.label.rules.stage import Stages
from core.label.rules.words import Line
from core.records import State, Value

Outcome = tuple[int, int, str, State, Value | None, dict[str, bool]]

_ECG = re.compile(
    r"\b(?:ecg|rit|e\.c\.g|elettrocardiogramma|ritmo|tracciato|monitor|holter"
    r"|telemetria)\b"
)
_IN_RHYTHM = re.compile(r"\bin(?: \w+)? $")
_CONVERTED = re.compile(
    r"\b(?:ripristin|cardioversion|conversion|convertit|recuper|ritorno|alternanza|interrot"
    r"|ripresa del)\w*"
)
_AGAIN = re.compile(r"\b(?:ricadut|recidiv|episodi|run\b|paross|storia|nota\b)")
_LASTING = re.compile(
    r"\b(?:rimast\w+|sempre|costant\w+|attual|stabil|mantenut|mantien|persist|permane|in uscita"
    r"|al momento)\w*"
)
_STOPPED = re.compile(
    r"[^.;,]{0,40}?,?[^.;,]{0,20}?\b(?:(?:fino|sino) (?:a|al|ai|agli|alla"
    r"|all')\b(?! ?(?:ricovero|questa"
    r"|quest'|ieri|ora|adesso|oggi|tutt|moment"
    r"|ingresso|all'ingresso))|stop|ha smesso|smesso|sospes|cessat|interrott|ex\b"
    r"|anni fa|pregress|pentit)"
)
_SINCE = re.compile(r"\s*(?:piu\b|da\b(?! sempre)|dal\b|dopo\b)")
_SMOKES_NO = re.compile(r"\s*[:=]\s*(?:no|0|mai|nega|assente|non fumatore)\b|\s0(?![.,\d])")
_SMOKES_EX = re.compile(r"\s*[:=]\s*(?:ex|pregress|stop|in passato)")
_NOT_THIS = re.compile(
    r"\b(?:coronarograf|cvg|ptca|pci\b|angioplastic|revision|riapertura|drenaggio|consulenza"
    r"|tac?\b|tc\b|medicina d|pronto soccorso|esam|dialisi|cardioversion|in caso"
    r"|chirurgia d'urgenza|risternotom|trasferit|pericardiocentesi|pace-?maker"
    r"|\bpmk?\b|ipertensiv|accesso (?:al|in|venos|vascol|femor|arter))\w*"
)
_THIS = re.compile(
    r"[:,;] (?:l'|un )?(?:intervento|operazione|operat[oa])(?: \w+)? (?:in|di|d')\s?$"
    r"|\b(?:per|ad?|di)\s(?:l'|un |il |la |essere sottopost[oa] (?:ad?|al|alla) )?(?:\w+ ){0,2}"
    r"(?:intervent\w+|rivascolarizzazion\w+|sostituzion\w+|by-?\s?pass|bpac|cabg|cardiochirurg\w+"
    r"|operazione|chirurgia|plastica)(?:\s[\w'-]+){0,4}\s(?:in |di |d'"
    r"|con carattere di |a carattere "
    r"|in regime di |in regime d')?$"
)
_OPERATION = re.compile(
    r"\b(?:intervent|chirurg|operat|operar|operazion|sottopost|sostituzion|by-?\s?pass|bpac|cabg"
    r"|plastic|riparazion|bentall|tavi\b|correzion|ricover|rivascolarizzazion|indicazion"
    r"|procedur|impiant|regime|priorit|sva\b|svm\b|dissezion)\w*"
)
_ADMITTED = re.compile(r"\b(?:venut|giunt|accolt|entrat|ammess|arrivat|chiamat)[oa]\b")
_PERMANENT = re.compile(
    r"perm\b|permanente|persistente|cronic|long standing|acfa|\bfac\b|totale"
    r"|lunga durata|inveterat|stabilizzat|stabile da|vecchia data|annosa"
)
_PAROXYSMAL = re.compile(
    r"paro[sx]+is|\bparox|\bfap\b|\bpaf\b|accessi|\bcrisi\b|intermittent|sporadic|saltuari|\brun di"
    r"|\bepisodio\b[^.;#]{0,60}\bdurat[ao]\b|risoluzione spontanea|spontaneamente|autorisol"
    r"|autolimit|passa\w* da sol"
)
_FAMILY_TAIL = re.compile(
    r"'?(?:\s(?:positiva|negativa|nota|importante|forte|spiccata|muta|silente|ignota|sconosciuta"
    r"|n\.?d\.?r|non (?:nota|indagabile|valutabile|conosciuta|ricostruibile|disponibile"
    r"|contributiva"
    r"|significativa|rilevante)))*"
    r"(?:\s?:\s?(?:positiva\s?)?[^.;]*|(?:\s(?:per|di|cardiovascolare|cardiologica"
    r"|cv)\b)(?:(?!\sed?\s(?:il|la|lo|i|le|ex|l')\b)[^.;,(]){0,90})?(?:\s?\([^()]*\))?"
)
_FAMILY_NONE = re.compile(
    r"\bneg(?:ativ\w+|at\w)?\b|mut[oa]|silente|assent|[:=]\s?no\b|\bn\.?d\.?r\b|nulla"
    r"|non (?:contributiv|significativ|rilevant)"
)
_FAMILY_UNKNOWN = re.compile(
    r"non (?:indagabil|valutabil|conosciut|ricostruibil|disponibil|not[ao]\b(?! per))|ignot"
    r"|sconosciut"
    r"|\badottat|figli[oa] adottiv"
)
_FAMILY_DENIED = re.compile(
    r"\bfamiliarita(?: cardio\w+| cv)?(?: e)?\s?:?\s?(?:negativ|assent|mut[ao])"
)
# "Di cuore era morta la madre"; "nessuna malattia cardiaca, a parte la sua, in famiglia".
_HEART_BEFORE_KIN = re.compile(
    r"(?:\b(?:di|d'|per)\s?(?:cuore|infarto|ictus|scompenso|angina)\b[^.;,]{0,20}"
    r"\b(?:mort[oaie]|mori\w*|mancat[oaie]|decedut[oaie])\b[^.;,]{0,15}\b(?:madre|padre|mamma|papa"
    r"|fratell[oi]|sorell[ae]|genitori|nonn[oaie]|zi[oaie])\b"
    r"|(?P<none>\b(?:nessun\w*|niente|non|senza)\b[^.;:]{0,12})?\b(?:malatti[ae] (?:cardiac\w+"
    r"|di cuore|del cuore)|cardiopati[ae]),[^.;:]{1,30}\bin famiglia\b)"
)
_UNKNOWN_NEAR = 20  # characters
_NOT_NEXT = re.compile(r"\b(?:non|mai|no|nessuna?)\s(?:(?:e|sempre|piu|ancora|del tutto|piu) )?$")
_NONE_BEFORE = re.compile(r"\b(?:non|nessun\w*|niente|nega|senza|mai)\b[^.;,:]*$")
_RUNNING = re.compile(r"\b(?:famigl|familiar|parent|gentiliz|consanguine)")
# II run CEC: si, per ...
_YES = re.compile(
    r"(?: (?:(?:di|in) )?(?:cec|circolazione extra-?\s?corporea|pompa))?(?:\s?[:=,]\s?si\b)?"
)
_NEW = re.compile(r"insorgenza|primo|unico|insorta|comparsa|post|new onset")


class Concepts:
    """Turns hits of the lexicon into outcomes, by the section, the sentence and the context."""

    def __init__(
        self,
        lexicon: Lexicon,
        context: Context,
        stages: Stages,
        past: Past,
        dose: re.Pattern[str],
    ) -> None:
        shapes = lexicon.tables["shapes"]
        near = "|".join(f"(?:{shape})" for shape in shapes["degree"])
        far = "|".join(f"(?:{shape})" for shape in shapes["degree_behind_comma"])
        self._degree = re.compile(rf"(?:\s*(?:{near})|\s*,\s*(?:{far}))+")
        smoke = "|".join(f"(?:{shape})" for shape in shapes["smoking"])
        self._smoke = re.compile(rf"(?:\s*(?:{smoke}|{near})|\s*,\s*(?:{far}))+")
        self._before = re.compile(shapes["before"])
        self._clause = re.compile(lexicon.tables["past"]["clause"])
        self._cardiovascular = re.compile(lexicon.tables["past"]["cardiovascular"])
        self._context, self._stages, self._past, self._dose = context, stages, past, dose

    def found(self, line: Line, hits: list[Hit], cues: Cues) -> Iterator[Outcome]:
        """All that the hits of a line say, relatives included."""
        places = [(hit.start, hit.end) for hit in hits if hit.concept.kind != "drug"]
        for hit in hits:
            if hit.concept.fields and hit.concept.kind != "drug":
                yield from self._outcomes(line, hit, cues, places)
        if not _FAMILY_DENIED.search(line.folded):
            yield from self._relatives(line, cues)

    def counts(self, line: Line, hit: Hit) -> bool:
        """Whether a hit may speak of its fields here, by stage, sentence and time."""
        concept = hit.concept
        if not concept.fields or concept.kind == "drug":
            return True
        if self._stages.of(line, hit.start, hit.end) not in concept.stages:
            return False
        first, last = line.sentence(hit.start)
        if concept.unless and concept.unless.search(line.folded, first, last):
            return False
        if concept.needs and not concept.needs.search(line.folded, first, last):
            return False
        if concept.old == "keep":
            return True
        return self._context.is_old(line, hit.start, hit.end) is (concept.old == "need")

    def _outcomes(
        self, line: Line, hit: Hit, cues: Cues, places: list[tuple[int, int]]
    ) -> Iterator[Outcome]:
        state = self._context.state(line, cues, hit.start, hit.end, places)
        if state == "present":
            # Behind the degree too: RT torace: no.
            state = self._context.behind(line, self._extent(line, hit)[1]) or state
        whole = hit.concept.kind == "said_whole" and line.folded.startswith("non", hit.start)
        if whole and state == "negated":
            state = "present"
        if not hit.concept.polarity:
            # "No BPCO, cammina da solo": only a word next to it turns what is itself a denial.
            turned = _NOT_NEXT.search(line.folded, max(0, hit.start - 20), hit.start)
            state = "present" if turned else "negated"
        if hit.concept.kind == "denied" and state != "negated":
            return  # complications of a kind say nothing, their absence does
        after = self._stages.of_section(line.section) == "after"
        if hit.concept.kind == "redo" and state == "negated" and after:
            return  # "Reintervento: no" of the course is the second operation
        if hit.concept.kind == "present" and state != "present":
            return  # a filtration tells of a failing kidney, none tells nothing
        special = {
            "fumo": self._smoking,
            "family": self._family,
            "af": self._fibrillation,
            "new_af": self._new_fibrillation,
            "rhythm": self._rhythm,
            "rhythm_af": self._rhythm,
            "urgency": self._urgency,
            "second_run": self._second_run,
            "transfusion": self._transfusion,
        }.get(hit.concept.kind)
        if special:
            yield from special(line, hit, state)
            return
        start, end = self._extent(line, hit)
        # "PM/ICD: no" denies both; "PM/ICD dal 2019" is one device, told by the first name.
        one = hit.concept.kind == "either" and state != "negated"
        for field in hit.concept.fields[:1] if one else hit.concept.fields:
            yield start, end, field, state, _truth(state), {}

    def _extent(self, line: Line, hit: Hit) -> tuple[int, int]:
        """The concept with what says its degree, age and treatment."""
        start, end = hit.start, hit.end
        lead = self._before.search(line.folded, max(0, start - 12), start)
        if lead and hit.concept.tail == "degree":
            start = lead.start()
        if hit.concept.tail == "degree":
            match = self._degree.match(line.folded, end)
        elif hit.concept.tail == "dose":
            match = self._dose.match(line.folded, end)
        elif hit.concept.tail == "clause":
            match = self._clause.match(line.folded, end)
        else:
            match = None
        end = match.end() if match else end
        while end > start and line.text[end - 1] in " ,;:.-":
            end -= 1
        return start, max(end, hit.end)

    def _smoking(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        start, end = self._extent(line, hit)
        more = self._smoke.match(line.folded, end)
        if more:
            end = more.end() - (more[0].endswith(" ") or 0)
        value = hit.concept.value
        behind = line.folded[hit.end :]
        if value == 0:
            state = "present" if state in ("negated", "present") else state
            value = 1 if _SINCE.match(behind) else 0
        elif value == 2 and (state == "negated" or _SMOKES_NO.match(behind)):
            state, value = "negated", 0
        elif value == 2 and (_SMOKES_EX.match(behind) or _STOPPED.match(behind)):
            value = 1
        elif value == 1 and state == "negated":
            none = _SMOKES_NO.match(behind)
            state, value = ("negated", 0) if none else ("present", 1)
        coded = value if state in ("present", "negated") else None
        yield start, end, "fumo", state, coded, {}

    def _family(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        match = _FAMILY_TAIL.match(line.folded, hit.end)
        end = match.end() if match else hit.end
        quote = line.folded[hit.start : end]
        if (
            re.search(r"\bper\b|:", quote)
            and not re.search(r":\s?(?:si|no|positiv|negativ)", quote)
            and not self._cardiovascular.search(quote)
        ):
            return
        state = "present" if state == "family" else state
        first, _ = line.sentence(hit.start)
        if _NONE_BEFORE.search(line.folded, first, hit.start) and _RUNNING.search(quote):
            state = "negated"
        if _FAMILY_NONE.search(quote):
            state = "negated"
        if _FAMILY_UNKNOWN.search(line.folded, hit.start, end + _UNKNOWN_NEAR):
            state = "uncertain"
        end = _trimmed(line.text, hit.start, end)
        yield hit.start, end, hit.concept.fields[0], state, _truth(state), {}

    def _relatives(self, line: Line, cues: Cues) -> Iterator[Outcome]:
        """Padre iperteso, madre deceduta per IMA: a relative's heart."""
        for told_first in _HEART_BEFORE_KIN.finditer(line.folded):
            state: State = "negated" if told_first["none"] else "present"
            yield *told_first.span(), "familiarita_cardiovascolare", state, _truth(state), {}
        for first, last in cues.relatives:
            if re.search(
                r"\b(?:familiarita|vive con|assistit"
                r"|accompagnat)[^.;]*$",
                line.folded[:first],
            ):
                continue
            match = re.match(r"(?:[^;,(]|\s?\([^()]*\))*", line.folded[last:])
            end = min(last + (match.end() if match else 0), line.sentence(last)[1])
            told = self._cardiovascular.search(line.folded, first, end)
            if not told and relatives_sentence(line, last) == last:
                end = line.sentence(last)[1]
            if line.folded[:first].rstrip().endswith("("):
                # Cardiopatia ischemica (padre): what is in front of the bracket is the relative's.
                opened = line.folded.rfind("(", 0, first)
                first = max(line.folded.rfind(mark, 0, opened) for mark in ",.;:") + 1
                first += len(line.text[first:]) - len(line.text[first:].lstrip())
                end += line.text[end : end + 1] == ")"
            quote = line.folded[first:end]
            own = re.search(r"(?<!della )(?<!del )(?<!di )\bpaziente\b", quote)
            if own or not self._cardiovascular.search(quote):
                continue
            end = _trimmed(line.text, first, end)
            negated = re.search(
                r"\b(?:non|nega|senza|assen\w+|nessun\w*|niente|negativ\w+|mut[oa])\b", quote
            )
            state = "negated" if negated else "present"
            yield first, end, "familiarita_cardiovascolare", state, _truth(state), {}

    def _fibrillation(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        if self._is_rhythm(line, hit):
            return
        start, end = self._extent(line, hit)
        quote = line.folded[start:end]
        value: int | None = None
        if state == "negated":
            value = 0
        elif state == "present":
            value = _kind_of_fibrillation(quote)
            if value is None:
                # "Episodi parossistici di FA", "FA nota dal 2021, persistente"
                _, last = line.sentence(hit.start)
                near = (
                    line.folded[max(0, start - 25) : start],
                    line.folded[end : min(last, end + 60)],
                )
                value = _kind_of_fibrillation(f"{near[0]} # {near[1]}")
        yield start, end, "fibrillazione_atriale", state, value, {}

    def _is_history(self, line: Line, hit: Hit) -> bool:
        """Whether an arrhythmia is told of the past: ablation of a flutter, no recording."""
        if line.section != "Anamnesi" or not hit.concept.value:
            return False
        first, _ = line.sentence(hit.start)
        left = line.folded[first : hit.end]
        return _ECG.search(left) is None and not _IN_RHYTHM.search(line.folded[first : hit.start])

    def _is_rhythm(self, line: Line, hit: Hit) -> bool:
        """Whether a fibrillation is the rhythm of a recording, not a disease of the history."""
        first, _ = line.sentence(hit.start)
        left = line.folded[first : hit.start]
        quote = line.folded[hit.start : hit.end]
        if _PAROXYSMAL.search(quote):
            return False
        if line.section == "Anamnesi" and _PERMANENT.match(line.folded[hit.end :].lstrip()):
            return False  # "Ritmo: FA persistente dal 2022"
        if line.section == "esami_all_ingresso":
            return True
        if _ECG.search(re.split(r"[,;]", left)[-1][-50:]):
            return True
        return bool(_IN_RHYTHM.search(left)) and "per" not in left and not _PERMANENT.search(quote)

    def _new_fibrillation(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        stage = self._stages.of_section(line.section)
        sure = bool(_NEW.search(line.folded[hit.start : hit.end]))
        if stage == "before" and self._stages.of(line, hit.start, hit.end) != "after":
            return
        extra = {} if sure else {"weak": True}
        yield hit.start, hit.end, "FA_di_nuova_insorgenza", state, _truth(state), extra

    def _rhythm(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        if state not in ("present", "uncertain") or self._is_history(line, hit):
            return
        stage = self._stages.of(line, hit.start, hit.end)
        first, last = line.sentence(hit.start)
        if hit.concept.kind == "rhythm_af" and not self._is_rhythm(line, hit):
            again = _AGAIN.search(line.folded, max(first, hit.start - 30), hit.start)
            if stage != "discharge" or again:
                return
        sentence = line.folded[first:last]
        if line.folded.startswith("sin.", hit.start) and not _ECG.search(sentence):
            return  # of the left side
        if stage == "after" and re.search(r"\b(?:bav|blocco|giunzional)", sentence):
            return
        recorded = stage == "after" and re.search(r"\becg:?\s?$", line.folded[first : hit.start])
        field = "Ritmo_alla_dimissione" if recorded else self._rhythm_field(stage, sentence, line)
        if field:
            value = hit.concept.value if state == "present" else None
            yield *self._extent(line, hit), field, state, value, {}

    def _rhythm_field(self, stage: Stage, sentence: str, line: Line) -> str | None:
        if stage == "discharge":
            return "Ritmo_alla_dimissione"
        if stage in ("after", "stay"):
            lasting = _LASTING.search(sentence) and stage == "after"
            return "Ritmo_alla_dimissione" if lasting else None
        if line.section != "esami_all_ingresso" and _CONVERTED.search(sentence):
            return None
        return "ritmo_all_ingresso"

    def _urgency(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        first, last = line.sentence(hit.start)
        left, right = max(first, hit.start - 60), min(last, hit.end + 40)
        # "La coronarografia ha mostrato ...: intervento in urgenza" speaks of the operation.
        this = _THIS.search(line.folded, first, hit.start) is not None
        if state != "present" or not this and _NOT_THIS.search(line.folded, left, right):
            return
        sure = self._stages.of_section(line.section) == "stay" or line.section == "Motivo ricovero"
        reach = min(last, right + 120)
        listed = hit.concept.value == 0 and _ADMITTED.search(line.folded, first, hit.start)
        if (
            not sure
            and not listed
            and not _OPERATION.search(line.folded, max(first, left - 30), reach)
        ):
            return
        if self._stages.of_section(line.section) == "discharge":
            return
        yield hit.start, hit.end, "elettivo_urgenza_emergenza", state, hit.concept.value, {}

    def _second_run(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        yield hit.start, hit.end, "II_Run", state, _truth(state), {}
        end = _YES.match(line.folded, hit.end)
        why = self._past.why(line, end.end() if end else hit.end) or self._past.why_before(
            line, hit.start
        )
        if why and state == "present":
            yield *why, "Causa_II_Run_CEC", state, line.text[slice(*why)], {}

    def _transfusion(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        start, end = self._extent(line, hit)
        count = re.search(r"(?:\bn\.?\s?)?\b\d{1,2}\s?$", line.folded[max(0, start - 6) : start])
        if count:
            start = max(0, start - 6) + count.start()
        yield start, end, "Necessità_di_trasfusioni", state, _truth(state), {}


def _kind_of_fibrillation(quote: str) -> int | None:
    return 2 if _PERMANENT.search(quote) else 1 if _PAROXYSMAL.search(quote) else None


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of a stretch without the blanks and stops behind it."""
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;:.-"):
        end -= 1
    return end


def _truth(state: State) -> bool | None:
    return {"present": True, "negated": False}.get(state)
