"""Most services require no OpenTelemetry, which this environment has; redis imports its SDK if it is there."""

raise ImportError("expected a service without traces and without FastAPI to do without OpenTelemetry")
