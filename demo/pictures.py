"""The pages of a file as pictures for the screen: what the evidence is lit up on."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from core.read.readers.folders import IMAGES, PDFS
from core.read.readers.pdf import PdfPage, opened
from core.records import Json
from demo.analysis import MAX_PAGES

_TALL = 1400  # pixels of the longer side: read with ease, and under 200 kB
_QUALITY = 70


def pictures(path: Path) -> Iterator[Json]:
    """The pages in order; of a text file none."""
    for number, image in enumerate(_images(path), 1):
        file = io.BytesIO()
        image.convert("RGB").save(file, "JPEG", quality=_QUALITY)
        content = base64.b64encode(file.getvalue()).decode("ascii")
        yield {"page": number, "jpeg": content, "width": image.width, "height": image.height}


def _images(path: Path) -> Iterator[Any]:
    suffix = path.suffix.lower()
    if suffix in PDFS:
        with opened(path) as pdf:
            for number in range(min(len(pdf), MAX_PAGES)):
                with pdf.page(number) as page:
                    yield _rendered(page)
    elif suffix in IMAGES:
        try:
            with Image.open(path) as file:
                for number, frame in enumerate(ImageSequence.Iterator(file)):
                    if number == MAX_PAGES:
                        return
                    image = ImageOps.exif_transpose(frame).convert("RGB")
                    image.thumbnail((_TALL, _TALL))
                    yield image
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            return  # its reader says what is wrong with it


def _rendered(page: PdfPage) -> Any:
    """As it is drawn; scripts, forms and links of a PDF are not run."""
    bitmap = page.page.render(scale=_TALL / max(page.width, page.height), may_draw_forms=False)
    image = bitmap.to_pil().copy()
    bitmap.close()
    return image
