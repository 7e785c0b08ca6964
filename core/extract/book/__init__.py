"""The ward's workbook, sheet by sheet: the letters, the places behind them, what the codes mean."""
