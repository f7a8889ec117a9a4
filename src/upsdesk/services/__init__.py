"""Use-cases on asyncio; sees the network through one Protocol; no Qt."""
