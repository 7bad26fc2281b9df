"""The Spark engine: the same contracts and models on PySpark, as Glue runs it."""
