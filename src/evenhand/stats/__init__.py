"""Pure functions on counts: rates, contrasts, resampling, multiplicity, power; nothing of files or policies."""
