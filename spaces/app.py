"""The Space: Lettera's page over a model of the Hub, or over the one copied beside this file.

`lettera publish space` puts the folders core/ and demo/ next to it. By hand: python app.py
"""

import os
from pathlib import Path

from demo.app import launch_options, open_page

BESIDE = Path(__file__).with_name("model")

demo = open_page(os.environ.get("LETTERA_MODEL") or (str(BESIDE) if BESIDE.is_dir() else None))

if __name__ == "__main__":
    demo.launch(**launch_options())
