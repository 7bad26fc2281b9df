"""The Spark session: Glue's own where there is one, else one on this machine."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from etl.errors import DataLakeError
from etl.spark.java import java_home

# What results depend on, however the session was started. ANSI mode is not among them: it may be on or off.
_ALWAYS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "snappy",
    # Rules make hundreds of columns out of each other; to infer constraints from them takes long.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.legacy.charVarcharAsString": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.maxRecordsPerFile": "0",
    "spark.sql.execution.arrow.pyspark.enabled": "false",
    # A limit only guards what comes to the driver; no task is to wait for what others find.
    "spark.sql.limit.initialNumPartitions": "100000",
}

_LOCAL = {
    "spark.app.name": "energy-trading-datalake",
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    # One small machine: the threads of a greater collector would not have a core.
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -Xshare:auto",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


@contextmanager
def open_session() -> Iterator["SparkSession"]:  # type: ignore[name-defined] # noqa: F821
    """Open a session; the one that Glue or spark-submit prepared is used as it is and not stopped."""
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise DataLakeError(
            "The Spark engine needs the package pyspark, which is not in this Python's environment.",
            where=sys.executable,
            fix="Use the environment of tools/requirements-spark.lock, or --engine duckdb.",
        ) from error
    builder = SparkSession.builder
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ or SparkSession.getActiveSession() is not None
    if not submitted:
        if home := java_home():
            os.environ["JAVA_HOME"] = home
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        for name, value in _LOCAL.items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    before = {name: session.conf.get(name, None) for name in _ALWAYS}
    for name, value in _ALWAYS.items():
        session.conf.set(name, value)
    try:
        yield session
    finally:
        if submitted:
            for name, old in before.items():
                if old is None:
                    session.conf.unset(name)
                else:
                    session.conf.set(name, old)
        else:
            session.stop()
