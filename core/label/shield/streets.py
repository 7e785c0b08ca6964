"""What streets and parts of houses are called, and the addresses that have no street."""

import re
from collections.abc import Iterator

KINDS = (
    r"via|v\.le|vle|viale|v\.|v\.co|vic(?:ol)?o|vicoletto|p\.?\s?z?z?a\.?|piazz(?:a|ale|etta)|p\.le|ple"
    r"|p\.tta|corso|c\.so|cso|c\.rso|largo|l\.go|lgo|larghetto|str\.|stradina|stradello|str\.lla"
    r"|strad(?:a|ella|one)(?:\s(?:statale|provinciale|comunale|vicinale))?|salita|discesa|rampa"
    r"|contrada|c\.da|cda|c/da|ctr\.?|c\.tr\.|fraz(?:ione|\.)?|loc(?:alita|\.)|localita|borgo|b\.go"
    r"|borgata|b\.ta|rione|quartiere|lung[a-z]{3,12}|traversa|trav\.|calle|campo|campiello"
    r"|fondamenta|sestiere|rio\stera|riva|riviera|sali[zs]z?ada|ramo|ruga|rua|villaggio|cascina|c\.na"
    r"|masseria|podere|maso|casale|cortile|corte|ronco|parco|passaggio|galleria|circonvallazione"
    r"|s\.s\.|s\.p\.|residence|stazzo|regione|reg\.|tenuta|sobborgo|clivo|scalinata|gradinata|vanella"
    r"|supportico|trazzera|androna|viottolo|sentiero|pendio|litoranea|pass\.|res\.za|lotto|condominio"
    r"|condom\.|cond\."
)
PLAIN = ("via", "viale", "piazza", "corso", "v.", "largo")  # that tell nothing
# Nothing else in a letter is called so: a name behind them needs no number.
CERTAIN = re.compile(
    r"v\.le|viale|vico(?:lo|letto)?|v\.co|p\.?\s?z?z?a\.?|piazz(?:a|ale|etta)|p\.le|c\.so|l\.go|larghetto"
    r"|contrada|c\.da|c/da|ctr\.?|borgata|rione|lungo(?:mare|arno|tevere|lago|po|dora|fiume|adige)"
    r"|fondamenta|sali[zs]z?ada|cascina|masseria|podere|riviera|sestiere|calle|circonvallazione"
)
# S.S. 16 Adriatica km 327, Str. Prov. 58 km 3: roads between towns are numbered.
_ROADS = re.compile(
    r"(?<![\w.])(?:(?:s\.?\s?[sp]\.?|str(?:ada|\.)?\s?(?:prov|stat|com|reg)\w*\.?|a(?=\d))\s?(?:n\.?\s?)?"
    r"\d{1,3}(?:\s?(?:bis|ter|var))?(?:\s[^\W\d_]+){0,3}?[\s,]{1,3}(?:al\s)?k(?:m|ilometro)\.?\s?)"
    r"\d{1,4}(?:[.,+]\d{1,3})?(?!\w)",
    re.IGNORECASE,
)
_PART = (
    r"(?:pal(?:azzin[ao]|azzo|\.)|scala|sc\.|int(?:erno|\.)|edificio|ed\.|condominio|villino|blocco"
    r"|isolato|isol\.|torre|piano|p\.no|appartamento|app\.|alloggio|camera)\s?(?:n\.?\s?)?"
    r"(?:\d{1,3}[a-z]?|[A-Z]|terra|rialzato|primo|secondo|terzo|quarto|quinto|sesto)"
    r"|(?:primo|secondo|terzo|quarto|quinto|sesto|settimo|ottavo|\d{1,2}[°º^])\spiano"
)
_PARTS = re.compile(rf"(?<!\w)(?i:{_PART})(?!\w)(?:[,\s\-–]{{1,3}}(?i:{_PART})(?!\w))+")
# In Venice a quarter and a number are an address.
_QUARTER = re.compile(
    r"(?<!\w)(?i:zona\s(?:industriale|artigianale|pip),?\slotto|cannaregio|castello|dorsoduro|giudecca|s(?:an|\.)\s?(?:marco|polo)|s(?:anta|\.)\s?croce)"
    r"[\s,]{1,2}(?:n\.?\s?)?\d{2,4}(?![\w,.]\d|\w)"
)


def apart(text: str) -> Iterator[tuple[int, int]]:
    """Roads, parts of houses in a row and quarters with a number: addresses without a street."""
    for shape in (_ROADS, _PARTS, _QUARTER):
        yield from (match.span() for match in shape.finditer(text))
