"""Words about something that is not text: the captions of pictures; and music for words."""
