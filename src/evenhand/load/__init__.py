"""The strict reader: files and frames become one table of wanted, typed columns. May import: errors."""
