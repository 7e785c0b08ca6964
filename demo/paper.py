"""Fictitious letters on paper: as a PDF with a text layer, or as the scan of one.

`python -m demo.paper` makes the twelve examples of `demo/examples/` and their `answers.json` anew.
"""

import json
from io import BytesIO
from pathlib import Path
from random import Random
from time import gmtime

from core.errors import MissingExtra
from demo.fictitious import FictitiousLetter, write

# voice, seed, scanned; the voices left out are for whoever wants letters no example has shown
TWELVE = (
    ("cortesia", 3, False),
    ("scansione", 23, True),
    ("percutaneo", 5, False),
    ("telegrafico", 8, False),
    ("exitus", 2, True),
    ("casella", 14, False),
    ("prosa", 6, True),
    ("cardiogeno", 4, False),
    ("attinica", 9, False),
    ("infettivo", 7, True),
    ("ritroso", 12, False),
    ("confine", 10, False),
)
EXAMPLES = Path(__file__).with_name("examples")
_DPI = 165


def lay_out(letter: FictitiousLetter, path: Path, seed: int = 0) -> None:
    """Prints a letter on its hospital's paper; the seed changes margins, inks and hands."""
    path.write_bytes(_printed(letter, seed))


def scan(letter: FictitiousLetter, path: Path, seed: int = 0) -> None:
    """The printed letter as a scanner sees it: grey, crooked, noisy pictures without text."""
    import pypdfium2

    rng = Random(f"scan/{letter.id}/{seed}")
    tilt, dirt = rng.uniform(-0.9, 0.9), rng.randrange(2**32)
    document = pypdfium2.PdfDocument(_printed(letter, seed))
    pages = [
        _scanned(page.render(scale=_DPI / 72, grayscale=True).to_pil(), tilt, dirt + k)
        for k, page in enumerate(document)
    ]
    document.close()
    first, *others = pages
    first.save(
        path, format="PDF", save_all=True, append_images=others, resolution=_DPI, quality=38,
        creationDate=gmtime(0), modDate=gmtime(0),
    )  # fmt: skip


def _printed(letter: FictitiousLetter, seed: int) -> bytes:
    try:
        from demo.letterhead import Letterhead
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"printing letters needs {error.name}: pip install '.[examples]'"
        ) from error
    paper = Letterhead(letter, seed)
    paper.set(letter.lines)
    return bytes(paper.output())


def _scanned(page, tilt: float, seed: int):  # type: ignore[no-untyped-def]  # Pillow comes late
    """One page through the scanner: turned a little, softened, speckled, uneven in light."""
    import numpy
    from PIL import Image, ImageFilter

    noise = numpy.random.default_rng(seed)
    turned = page.convert("L").rotate(
        tilt + noise.uniform(-0.2, 0.2), Image.Resampling.BICUBIC, fillcolor=250
    )
    soft = numpy.asarray(turned.filter(ImageFilter.GaussianBlur(0.55)), dtype=numpy.float32)
    height, width = soft.shape
    shade = numpy.linspace(0, noise.uniform(4, 14), width)[None, :]
    grain = noise.normal(0, 5, (height, width))
    faded = 22 + soft * 0.89 - shade + grain
    specks = noise.random((height, width)) > 0.99995
    faded[specks] = 70
    paper = numpy.clip(numpy.where(faded > 226, 236 + grain * 0.3 - shade, faded), 0, 255)
    compressed = BytesIO()
    Image.fromarray(paper.astype(numpy.uint8)).save(compressed, "JPEG", quality=38)
    return Image.open(compressed)


def write_examples(folder: Path) -> None:
    """The twelve examples as `lettera-01.pdf` and so on, and what they say as `answers.json`."""
    answers = {}
    for number, (voice, seed, scanned) in enumerate(TWELVE, 1):
        letter = write(voice, seed)
        name = f"lettera-{number:02}.pdf"
        (scan if scanned else lay_out)(letter, folder / name, seed)
        answers[name] = {
            "voice": voice,
            "seed": seed,
            "scan": scanned,
            "fields": dict(letter.fields),
        }
    text = json.dumps(answers, ensure_ascii=False, indent=1)
    (folder / "answers.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_examples(EXAMPLES)
