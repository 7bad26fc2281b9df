"""Names of the engines that a job may run on."""

DUCKDB, SPARK = "duckdb", "spark"
NAMES = (DUCKDB, SPARK)
