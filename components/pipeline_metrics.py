"""What a run of the pipeline measures, by name: the metrics that alarms and dashboards are about."""

PIPELINE_METRICS = "EnergyTradingDatalake/Pipeline"
"""Namespace of the metrics a run publishes, each with the one dimension Dataset."""

DIMENSION = "Dataset"
ROWS_IN, ROWS_OUT = "RowsIn", "RowsOut"
ROWS_REJECTED, REJECT_RATIO = "RowsRejected", "RejectRatio"
JOB_LATENCY = "JobLatencySeconds"
BYTES_IN, BYTES_OUT = "BytesIn", "BytesOut"
RUNS_SUCCEEDED, RUNS_FAILED = "RunsSucceeded", "RunsFailed"
