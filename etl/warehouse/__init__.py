"""The warehouse: its tables and views from the contracts, and loading what changed in the lake into them."""
