"""What several adapters need on the way to other machines: names to addresses, where not to go, who we say we are."""
