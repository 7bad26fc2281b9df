"""Controls: one family a module, each control a data object with a pure function of the graph."""
