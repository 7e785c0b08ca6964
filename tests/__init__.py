"""Rooms as in the house: what `core/label/rules/dates.py` does is asked in
`tests/label/rules/test_dates.py` (`core` is left out; `tests/core` asks its top floor and its rooms
of one or two tests). Together and the Hub on loopback: `loopback`. Measurements: `bench`."""
