"""Classic translators: copying, memory, language models of the target, IBM model 1."""
