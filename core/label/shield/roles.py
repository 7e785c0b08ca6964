"""The words that lead to a name: titles, labels, roles in a team, kinship, and what follows one."""

import re

# Behind a title or a label stands a name; behind the others an illness may stand.
_TITLE = (
    r"s[il]g(?:nor(?:a|e|ina|i)?)?\.?\s?(?:ra|na|re|ri|r)?\b|sigg\b"
    r"|dott?(?:or(?:esse|essa|e|i)?|r)?\s?\.?\s?(?:ssa|sse|ri)?\b|d\.?\s?ssa\b|dr\.?\s?(?:ssa|re|i)?\b"
    r"|prof(?:essor(?:essa|e|i)?)?\.?\s?(?:ssa|ri)?\b|chiar\.?mo|avv\b|geom\b|suora?\b|mons\b"
)
_LABEL = (
    r"(?:cognome|nome|nominativo)(?:\s?(?:e|/|,|-)\s?(?:cog)?nome)?(?=[\s:|=_*.\-–]+\S)"
    r"|ved\.|vedov[oa](?:\sdi)?\b|in arte\b|geb\.|nee\b|coniugata\b|alias\b|dett[oa]\b(?=\s?[\"“«])"
    r"|chiamat[oa]\b|nat[oa] come\b"
)
_TEAM = (
    r"op\b|(?:\w+\s)?operator[ei]\b|chirurg(?:o|hi|a|he)\b|aiut[oi]\b|assistent[ei]\b|anest\b"
    r"|anestesist[aei]\b|anestesia(?=:)|strum(?:entist[aei])?\b|perf(?:usionist[aei])?\b"
    r"|emodinamist[aei]\b|cardiolog(?:o|a|hi)\b|mmg\b|pls\b|medic[oi]\b(?:\s(?:curante|responsabile"
    r"|refertante|di\s\w+))?|curante\b|specializzand[oaie]\b|tutor\b|primari[oa]\b"
    r"|diret(?:tore|trice)\b|responsabile\b|coordinat(?:ore|rice)\b|caposala\b|infermier[aei]\b|inf\."
    r"|fisioterapist[aei]\b|psicolog[oaie]\b|dietist[aei]\b|logopedist[aei]\b|collegh?[aei]\b"
    r"|firma(?:to)?\b|f\.?to\b|in fede\b|redatt[oa]\s(?:da)?\b|referente\b|mediat(?:ore|rice)\b"
    r"|interprete\b|equipe\b|refert\w+ da\b|sociale\b|c\.\s?a\.|attenzione\b|spett\w*\b|gent\w*\b"
    r"|egr\w*\b|car[oaie]\b|imam\b|don\b|tecnic[oa]\b|ostetric[oa]\b|(?:case|data) manager\b|ing\."
    r"|segretari[oa]\b|compilat[oa] da\b|dettat[oa] da\b|battut[oa] da\b|visitat[oa] da\b"
)
_ROLE = r"[a-z]{2,12}(?:olog[oa]|iatra|ista|chirurg[oa])\b"  # ginecologa, geriatra, dietista
_KIN = (
    r"figli[oaei]?\b|figliol[oa]\b|moglie\b|marito\b|fratell[oi]\b|sorell[ae]\b|madre\b|padre\b"
    r"|mamma\b|papa\b|coniuge\b|nipot[ei]\b|badant[ei]\b|genero\b|nuora\b|suocer[oa]\b|cognat[oa]\b"
    r"|cugin[oa]\b|zi[oa]\b|nonn[oa]\b|compagn[oa]\b|convivente\b|care\s?giver\b|vicin[oa]\b"
    r"|amic[oa]\b|tutore\b|tutrice\b|familiare\b|parente\b|amministrat(?:ore|rice) di sostegno\b"
    r"|contattare\b|avvisare\b|delegat[oa]\b|conoscente\b|consegnat[oa] a\b"
)
_PATIENT = (
    r"pazient[ei]\b|pz\b|paz\b|assistit[oa]\b|degente\b|utente\b|bambin[oa]\b|neonat[oa]\b"
    r"|piccol[oa]\b|bimb[oa]\b|ragazz[oa]\b|intestatari[oa]\b|donator[ei]\b|oggetto\b"
)
CUE = re.compile(
    rf"(?<![\w.])(?:(?P<title>{_TITLE})|(?P<team>{_TEAM}|{_ROLE})|(?P<kin>{_KIN}|nat[oa]\b)|(?P<patient>{_PATIENT}))"
    rf"|(?<![^\W\d_])(?P<label>{_LABEL})"
)
BEHIND = re.compile(
    r"[\s,;(\-–|]{1,6}(?:nat[oa]\b|sesso\b|[mf]\b|nt?\.|n\.\s|anni\b|aa\b|d\.?\s?n\b|di anni\b"
    r"|ved\.|\d\d\s?(?:aa|anni)\b|c\.?f\b|classe\b|residente\b|codice fiscale\b|cognome\b"
    rf"|\d\d?[/.\-]\d\d?[/.\-]\d\d|(?:il\s|la\s|sua\s|suo\s)?(?:{_KIN}))"
)
