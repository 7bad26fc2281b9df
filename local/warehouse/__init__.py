"""The stand-in for Redshift: a real PostgreSQL that answers Redshift's SQL, for one embedded AWS."""
