"""What to decide: who shoots at what, where to put it, what to acquire. Each plan says what is proven of it."""
