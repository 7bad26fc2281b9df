"""Policy pack of the data lake: a typed graph of the stack, and controls that are pure functions of it."""
