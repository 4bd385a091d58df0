"""The classic of questions about stories: who was named last with which place."""
