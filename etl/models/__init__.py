"""SQL models in DuckDB's dialect, kept within what sqlglot carries over to Spark SQL."""
