"""Tables of users, in three formats."""
