"""Everything in memory: complete adapters: products, not mocks."""
