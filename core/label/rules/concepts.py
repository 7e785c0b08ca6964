"""What the concepts found in a line come to: which field, how long a span, what state and value."""

import re
from collections.abc import Iterator

from core.label.rules.context import Context, Cues
from core.label.rules.family import Family
from core.label.rules.lexicon import Hit, Lexicon
from core.label.rules.outcome import Outcome, truth
from core.label.rules.past import Past
from core.label.rules.rhythm import Rhythm
from core.label.rules.stage import Stages
from core.label.rules.words import Line
from core.read.words.shape import Shape
from core.records import State

_STOPPED = re.compile(
    r"[^.;,]{0,40}?,?[^.;,]{0,20}?\b(?:(?:fino|sino) (?:a|al|ai|agli|alla"
    r"|all')\b(?! ?(?:ricovero|giorno d|questa"
    r"|quest'|ieri|ora|adesso|oggi|tutt|moment"
    r"|ingresso|all'ingresso))|stop|ha smesso|smesso|sospes|cessat|interrott|ex\b"
    r"|anni fa|pregress|pentit|da giovane|da ragazz|in gioventu)"
)
_SINCE = re.compile(r"\s*(?:piu\b|da\b(?! sempre)|dal\b|dopo\b)")
_SMOKES_NO = re.compile(r"\s*[:=]\s*(?:no|0|mai|nega|assente|no?n fumatore)\b|\s0(?![.,\d])")
_SMOKES_EX = re.compile(r"\s*[:=]\s*(?:ex|pregress|stop|in passato)")
_NOT_THIS = Shape(
    r"\b(?:coronarograf|cvg|ptca|pci\b|angioplastic|revision|riapertura|drenaggio|consulenza"
    r"|tac?\b|tc\b|medicina d|pronto soccorso|esam|dialisi|cardioversion|in caso"
    r"|chirurgia d'urgenza|risternotom|trasferit|pericardiocentesi|pace-?maker"
    r"|\bpmk?\b|ipertensiv|accesso (?:al|in|venos|vascol|femor|arter))\w*"
)
_THIS = Shape(
    r"[:,;] (?:l'|un )?(?:intervento|operazione|operat[oa])(?: \w+)? (?:in|di|d')\s?$"
    r"|\b(?:per|ad?|di)\s(?:l'|un |il |la |essere sottopost[oa] (?:ad?|al|alla) )?(?:\w+ ){0,2}"
    r"(?:intervent\w+|rivascolarizzazion\w+|sostituzion\w+|by-?\s?pass|bpac|cabg|cardiochirurg\w+"
    r"|operazione|chirurgia|plastica)(?:\s[\w'-]+){0,4}\s(?:in |di |d'"
    r"|con carattere di |a carattere "
    r"|in regime di |in regime d')?$"
)
_OPERATION = Shape(
    r"\b(?:intervent|chirurg|operat|operar|operazion|sottopost|sostituzion|by-?\s?pass|bpac|cabg"
    r"|plastic|riparazion|bentall|tavi\b|correzion|ricover|rivascolarizzazion|indicazion"
    r"|procedur|impiant|regime|priorit|sva\b|svm\b|dissezion)\w*"
)
_ADMITTED = Shape(r"\b(?:venut|giunt|accolt|entrat|ammess|arrivat|chiamat)[oa]\b")
_NOT_NEXT = re.compile(r"\b(?:no?n|mai|no|nessuna?)\s(?:(?:e|sempre|piu|ancora|del tutto|piu) )?$")
# II run CEC: si, per ...
_YES = re.compile(
    r"(?: (?:(?:di|in) )?(?:cec|circolazione extra-?\s?corporea|pompa))?(?:\s?[:=,]\s?si\b)?"
)


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
        self._family = Family(lexicon)
        self._rhythm = Rhythm(stages, self._extent)
        self._context, self._stages, self._past, self._dose = context, stages, past, dose

    def found(self, line: Line, hits: list[Hit], cues: Cues) -> Iterator[Outcome]:
        """All that the hits of a line say, relatives included."""
        places = [(hit.start, hit.end) for hit in hits if hit.concept.kind != "drug"]
        for hit in hits:
            if hit.concept.fields and hit.concept.kind != "drug":
                yield from self._outcomes(line, hit, cues, places)
        yield from self._family.relatives(line, cues)

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
        start, end = self._extent(line, hit)
        if state == "present" and end > hit.end:
            # Behind the degree too: RT torace: no.
            state = self._context.behind(line, end) or state
        whole = hit.concept.kind == "said_whole" and line.folded.startswith(
            ("non", "nn"), hit.start
        )
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
            "family": self._family.said,
            "af": self._rhythm.known,
            "new_af": self._rhythm.new,
            "rhythm": self._rhythm.recorded,
            "rhythm_af": self._rhythm.recorded,
            "urgency": self._urgency,
            "second_run": self._second_run,
            "transfusion": self._transfusion,
        }.get(hit.concept.kind)
        if special:
            yield from special(line, hit, state)
            return
        # "PM/ICD: no" denies both; "PM/ICD dal 2019" is one device, told by the first name.
        one = hit.concept.kind == "either" and state != "negated"
        for field in hit.concept.fields[:1] if one else hit.concept.fields:
            yield start, end, field, state, truth(state), {}

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
        yield hit.start, hit.end, "II_Run", state, truth(state), {}
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
        yield start, end, "Necessità_di_trasfusioni", state, truth(state), {}
