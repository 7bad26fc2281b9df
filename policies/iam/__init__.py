"""Facts about AWS actions, from the offline service authorization reference."""
