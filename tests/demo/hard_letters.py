"""What nobody should send and somebody will: bombs, scripts, cats, endless lines."""

import io
import zlib

import pypdfium2
from PIL import Image, ImageDraw, ImageFont

_ZEROS = 1 << 20


def pdf(content: bytes, more: bytes = b"", filters: bytes = b"") -> bytes:
    """A one-page PDF with this content stream, and more in its catalogue."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R" + more + b">>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, at = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in at)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def zip_bomb(gigabytes: int) -> bytes:
    """A PDF whose content stream unpacks to gigabytes of blanks, and is made in no time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * _ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    body = b"\x78\x9c" + block * (gigabytes << 10) + b"\x03\x00" + bytes(4)
    return pdf(body, filters=b"/Filter/FlateDecode")


def with_script() -> bytes:
    """A letter of one line, in a PDF that would like to run something when it is opened."""
    text = b"BT /F 12 Tf 60 780 Td (Anamnesi: ipertensione arteriosa, ex fumatore.) Tj ET"
    return pdf(text, b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")


def many_pages(count: int) -> bytes:
    file = io.BytesIO()
    with pypdfium2.PdfDocument.new() as document:
        for _ in range(count):
            document.new_page(100, 100).close()
        document.save(file)
    return file.getvalue()


def cat() -> bytes:
    """A picture without a word."""
    image = Image.new("RGB", (400, 300), "#88aa66")
    draw = ImageDraw.Draw(image)
    draw.ellipse((120, 90, 280, 250), fill="#cc8844")
    draw.polygon([(130, 120), (150, 40), (190, 100)], fill="#cc8844")
    draw.polygon([(210, 100), (250, 40), (270, 120)], fill="#cc8844")
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def two_scans() -> bytes:
    """Two small pages of one line each, to be recognised, in one file."""
    font = ImageFont.load_default(32)
    pages = [Image.new("L", (900, 160), "white") for _ in range(2)]
    for page in pages:
        ImageDraw.Draw(page).text((30, 50), "Anamnesi: ipertensione arteriosa.", font=font)
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    return file.getvalue()
