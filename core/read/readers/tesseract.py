"""Pictures of pages -> words with their places, by Tesseract in this process, in Italian.

Each page is straightened first: on skewed scans that does more for the text than a finer picture.
Boxes are led back to the page as it was scanned.
"""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

# Two threads for one page gain little and starve the other readers; set before the library loads.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

import tesserocr  # noqa: E402
from PIL import Image, ImageOps, ImageSequence  # noqa: E402

from core.errors import BadInput, MissingExtra  # noqa: E402
from core.read.readers.folders import IMAGES, PDFS  # noqa: E402
from core.read.readers.layout import Word, arrange  # noqa: E402
from core.read.readers.raw import RawBox, RawDocument, RawPage, Told, silent  # noqa: E402

_LANGUAGE = "ita"
_TESSDATA = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
_LEVEL = 0.15  # degrees: turning by less blurs more than it straightens
_STEEP = 120  # tenths of a degree that a page is looked at for, beyond what Tesseract sees
_TALL, _TALLEST = 2400, 5000  # pixels of a page's longer side that recognition likes
_THUMBNAIL = 800
_POOR = 60  # mean confidence below which the page may lie on its side
_SURE_TURN = 1.0
_SPECK = 50  # confidence below which a mark without letters is dirt on the glass

Recognise = Callable[[Any], RawPage]


class Tesseract:
    """Recognises every page of a PDF or picture, whether it has a text layer or not."""

    def __init__(self, told: Told = silent) -> None:
        self._told = told

    def read(self, path: Path) -> RawDocument:
        pages = []
        with recogniser() as recognise:
            for number, image in enumerate(_images(path), 1):
                self._told(number)
                pages.append(recognise(image))
        if not any(page.text.strip() for page in pages):
            raise BadInput(f"{path}: no text found on any page; scan it again, straight and darker")
        return RawDocument(tuple(pages), "tesseract")


def tessdata() -> str:
    """The folder with the Italian model. Raises MissingExtra naming the package that brings it."""
    named = os.environ.get("TESSDATA_PREFIX")
    for folder in [named] if named else _TESSDATA:
        if Path(folder, f"{_LANGUAGE}.traineddata").is_file():
            return folder
    raise MissingExtra(
        "Tesseract's Italian model is missing: apt-get install tesseract-ocr-ita "
        "(or point TESSDATA_PREFIX at the folder that holds ita.traineddata)"
    )


@contextmanager
def recogniser() -> Iterator[Recognise]:
    """Recognition with the model loaded once; a picture in, a page out."""
    folder = tessdata()
    with tesserocr.PyTessBaseAPI(path=folder, lang=_LANGUAGE, psm=tesserocr.PSM.AUTO) as api:
        yield lambda image: _page(api, folder, image)


def _images(path: Path) -> Iterator[Any]:
    if path.suffix.lower() in PDFS:
        from core.read.readers.pdf import opened

        with opened(path) as document:
            for number in range(len(document)):
                with document.page(number) as page:
                    image = page.render()
                yield image
    elif path.suffix.lower() in IMAGES:
        yield from _pictures(path)
    else:
        raise BadInput(f"{path}: not a picture; try --reader text")


def _pictures(path: Path) -> Iterator[Any]:
    """The frames of a picture file, upright by their own note, in grey."""
    try:
        with Image.open(path) as file:
            for frame in ImageSequence.Iterator(file):
                image = ImageOps.exif_transpose(frame)
                if image.mode in ("RGBA", "LA", "PA", "P"):
                    image = image.convert("RGBA")
                    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
                yield _sized(image.convert("L"))
    except Image.DecompressionBombError as error:
        raise BadInput(f"{path}: the picture is too large; scan the page at 300 dpi") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise BadInput(f"{path}: the picture cannot be read; save it again as PNG") from error


def _sized(image: Any) -> Any:
    longest = max(image.size)
    wanted = min(max(longest, _TALL), _TALLEST)
    if wanted == longest or longest < 300:
        return image
    share = wanted / longest
    return image.resize(
        (round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS
    )


def _page(api: Any, folder: str, image: Any) -> RawPage:
    """The page as it lies or, where it lies on its side or reads badly, turned or straightened."""
    angle, sideways = _lie(api, image)
    turn = _turn(folder, image) if sideways else 0
    best = _turned(api, image, turn) if turn else _recognised(api, image, angle)
    if _sure(best) >= _POOR or min(image.size) < _THUMBNAIL:
        return best
    steep = _steep_skew(image)
    if steep:
        best = max(best, _recognised(api, image, steep), key=_sure)
    turn = turn or _turn(folder, image)
    return max(best, _turned(api, image, turn), key=_sure) if turn else best


def _turned(api: Any, image: Any, turn: int) -> RawPage:
    upright = image.rotate(turn, expand=True)
    page = _recognised(api, upright, _lie(api, upright)[0])
    return _led_back(page, lambda x, y: _unturned(x, y, turn))


def _sure(page: RawPage) -> float:
    return page.confidence or 0.0


def _recognised(api: Any, image: Any, angle: float) -> RawPage:
    """The words of a picture straightened by `angle`, their boxes those of the picture as given."""
    straight = image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
    api.SetImage(straight if angle else image)
    api.Recognize()
    words, confidences = [], []
    iterator = api.GetIterator()
    for found in tesserocr.iterate_level(iterator, tesserocr.RIL.WORD) if iterator else ():
        box = found.BoundingBox(tesserocr.RIL.WORD)
        text = found.GetUTF8Text(tesserocr.RIL.WORD) if box else ""
        confidence = found.Confidence(tesserocr.RIL.WORD)
        if text.strip() and (confidence >= _SPECK or any(map(str.isalnum, text))):
            words.append(Word(text.strip(), *box))
            confidences.append(confidence)
    page = arrange(words, image.width, image.height, mean(confidences) if confidences else None)
    return _led_back(page, _unrotated(angle, image.size)) if angle else page


def _lie(api: Any, image: Any) -> tuple[float, bool]:
    """Degrees counter-clockwise that make the lines level, and whether they run down the page.

    The angle is that of the longer lines: the one Tesseract gives for the page is 0 where it sees
    few of them, or where they are askew by more than four degrees.
    """
    api.SetImage(image)
    layout = api.AnalyseLayout()
    if layout is None:
        return 0.0, False
    sideways = layout.Orientation()[1] == tesserocr.WritingDirection.TOP_TO_BOTTOM
    lines = []
    for line in tesserocr.iterate_level(layout, tesserocr.RIL.TEXTLINE):
        (left, top), (right, bottom) = line.Baseline(tesserocr.RIL.TEXTLINE) or ((0, 0), (0, 0))
        if right > left:
            lines.append((right - left, math.degrees(math.atan2(bottom - top, right - left))))
    longer = sorted(lines, reverse=True)[: (len(lines) + 1) // 2]
    angle = median(angle for _, angle in longer) if longer else 0.0
    return (angle if abs(angle) > _LEVEL else 0.0), sideways


def _steep_skew(image: Any) -> float:
    """The same for pages askew by more than Tesseract sees: where rows of ink part best."""
    small = ImageOps.invert(image)
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))

    def contrast(tenths: float) -> float:
        turned = small.rotate(tenths / 10, resample=Image.Resampling.BILINEAR)
        rows: list[int] = list(turned.resize((1, turned.height), Image.Resampling.BOX).tobytes())
        return float(sum((one - other) ** 2 for one, other in pairwise(rows)))

    coarse = max(range(-_STEEP, _STEEP + 1, 10), key=contrast)
    return max(range(coarse - 8, coarse + 9, 2), key=contrast) / 10


def _turn(folder: str, image: Any) -> int:
    """By how many degrees, counter-clockwise, to turn a page that lies on its side or head."""
    if not Path(folder, "osd.traineddata").is_file():
        return 0
    with tesserocr.PyTessBaseAPI(path=folder, lang="osd", psm=tesserocr.PSM.OSD_ONLY) as api:
        api.SetImage(image)
        found = api.DetectOrientationScript()
    return int(found["orient_deg"]) if found and found["orient_conf"] > _SURE_TURN else 0


Point = tuple[float, float]


def _led_back(page: RawPage, back: Callable[[float, float], Point]) -> RawPage:
    """The page with the upright boxes around its boxes' corners led back by `back`."""

    def moved(raw: RawBox) -> RawBox:
        left, top, right, bottom = raw.box
        corners = [back(x, y) for x in (left, right) for y in (top, bottom)]
        xs, ys = zip(*((_share(x), _share(y)) for x, y in corners), strict=True)
        return replace(raw, box=(min(xs), min(ys), max(xs), max(ys)))

    return replace(page, boxes=tuple(map(moved, page.boxes)))


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)


def _unrotated(angle: float, size: tuple[int, int]) -> Callable[[float, float], Point]:
    """Undoes a rotation around the middle; shares being of its sides, the shape matters."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    width, height = size

    def back(x: float, y: float) -> Point:
        across, down = (x - 0.5) * width, (y - 0.5) * height
        return (
            (cosine * across - sine * down) / width + 0.5,
            (sine * across + cosine * down) / height + 0.5,
        )

    return back


def _unturned(x: float, y: float, turn: int) -> Point:
    return {90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}.get(turn, (x, y))
