"""Networks with a memory: memory networks, which look facts up in a story."""
