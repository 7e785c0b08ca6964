"""Where the checkout, the tests' data and the demo's examples lie, for tests of every room."""

from pathlib import Path

DATA = Path(__file__).with_name("data")
ROOT = DATA.parents[1]
EXAMPLES = ROOT / "demo" / "examples"
