"""How we speak: wire formats, what drives us, what we drive."""
