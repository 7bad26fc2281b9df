"""The dashboards of a stack as they are deployed, filled with what the embedded AWS holds, and drawn."""
