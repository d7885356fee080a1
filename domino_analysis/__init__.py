"""From the sheets of an evening meeting to the diagnostic of a territory (programme DOMINO)."""
