"""The stack as a typed graph: plain values, canonical kinds, joins, documents and principals."""
