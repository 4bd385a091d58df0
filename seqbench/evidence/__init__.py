"""How sure a score is: records, metrics, statistics, and what all laws share."""
