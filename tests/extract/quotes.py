"""Tables of quotes and the values that are read from them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

DISCHARGED = date(2025, 1, 27)


def cases(table: Mapping[str, Any]) -> Any:
    return pytest.mark.parametrize("quote, value", table.items(), ids=table.keys())
