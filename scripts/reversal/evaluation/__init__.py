"""From judged answers to verdicts: metrics, their intervals and tests, and what became of a method."""
