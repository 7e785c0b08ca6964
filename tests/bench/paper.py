"""A text as the scan of a printed page: grey, crooked, soft, speckled, uneven in light."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from demo.letterhead import font_file

DPI = 165
PAGE = (int(8.27 * DPI), int(11.69 * DPI))
MARGIN, LEADING, SIZE = int(0.75 * DPI), 1.32, 10.5  # size in points
FACES = ("serif", "sans", "typewriter")


def scan(text: str, path: Path, seed: int) -> None:
    """Prints a text and writes its scan as a PDF of pictures; the seed chooses face and dirt."""
    noise = np.random.default_rng(seed)
    face = FACES[seed % len(FACES)]
    tilt = noise.uniform(-1.0, 1.0)
    first, *others = [_soiled(page, tilt, noise) for page in _printed(text, face)]
    first.save(path, format="PDF", save_all=True, append_images=others, resolution=DPI, quality=40)


def _printed(text: str, face: str) -> list[Image.Image]:
    size = round(SIZE * DPI / 72)
    font = ImageFont.truetype(str(font_file(face, "")), size)
    wide = int((PAGE[0] - 2 * MARGIN) / font.getlength("n"))
    lines: list[str] = []
    for sheet in text.split("\f"):
        for line in sheet.expandtabs(8).splitlines():
            lines += textwrap.wrap(line, wide, drop_whitespace=False) or [""]
    step = int(size * LEADING)
    fit = (PAGE[1] - 2 * MARGIN) // step
    return [_page(lines[at : at + fit], font, step) for at in range(0, len(lines), fit)]


def _page(lines: list[str], font: Any, step: int) -> Image.Image:
    page = Image.new("L", PAGE, 255)
    ink = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        ink.text((MARGIN, MARGIN + number * step), line, fill=15, font=font)
    return page


def _soiled(page: Image.Image, tilt: float, noise: np.random.Generator) -> Image.Image:
    turned = page.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=250)
    soft = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32)
    shade = np.linspace(0, noise.uniform(4, 16), soft.shape[1])[None, :]
    faded = 24 + soft * 0.88 - shade + noise.normal(0, 7, soft.shape)
    faded[noise.random(soft.shape) > 0.9999] = 70
    return Image.fromarray(np.clip(faded, 0, 255).astype(np.uint8))
