"""Real processes die at named points, and a checker reads what is left behind them."""
