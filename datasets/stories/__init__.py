"""Stories with questions: the tasks of bAbI, and your own files in its format."""
