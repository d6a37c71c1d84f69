"""The tables that one pass over an ExportMetricsServiceRequest fills: which row is what."""

from typing import Final

DONE: Final = 0
FULL: Final = -1
"""A table is too short: call again with longer ones."""

GAUGE: Final = 5
SUM: Final = 7
HISTOGRAM: Final = 9
EXPONENTIAL: Final = 10
SUMMARY: Final = 11
"""The kinds of metrics, by the fields that hold their points."""

# Rows of the table of resources.
RESOURCE_START: Final = 0
RESOURCE_END: Final = 1
RESOURCE_ROWS: Final = 2

# Rows of the table of scopes.
OF_RESOURCE: Final = 0
SCOPE_START: Final = 1
SCOPE_END: Final = 2
URL_START: Final = 3
URL_END: Final = 4
SCOPE_ROWS: Final = 5

# Rows of the table of metrics.
OF_SCOPE: Final = 0
KIND: Final = 1
NAME_START: Final = 2
NAME_END: Final = 3
HELP_START: Final = 4
HELP_END: Final = 5
UNIT_START: Final = 6
UNIT_END: Final = 7
TEMPORALITY: Final = 8
MONOTONIC: Final = 9
METRIC_ROWS: Final = 10

# Rows of the table of points. Doubles and 64-bit integers stand as their bits.
OF_METRIC: Final = 0
START: Final = 1
TIME: Final = 2
FLAGS: Final = 3
ATTRIBUTES_START: Final = 4
ATTRIBUTES_END: Final = 5
VALUE: Final = 6
"""The value of a number, the count of everything else."""
SUMMED: Final = 7
SHAPE_START: Final = 8
SHAPE_END: Final = 9
"""The whole fields that say which series a point has beside its attributes: a histogram's bounds, a summary's quantiles."""
COUNTS_START: Final = 10
COUNTS_END: Final = 11
"""A histogram's counts; the positive buckets of an exponential one."""
BOUNDS_START: Final = 12
"""Where the bounds begin within the shape."""
NEGATIVE_START: Final = 13
NEGATIVE_END: Final = 14
ZERO_COUNT: Final = 15
ZERO_THRESHOLD: Final = 16
SCALE: Final = 17
POINT_START: Final = 18
POINT_END: Final = 19
SIZE: Final = 20
"""How many bounds or quantiles there are."""
POINT_ROWS: Final = 21

# Bits of FLAGS.
NO_VALUE: Final = 1
DOUBLE: Final = 256
INTEGER: Final = 512
HAS_SUM: Final = 1024
HAS_EXEMPLARS: Final = 2048

# What `found` tells.
RESOURCES: Final = 0
SCOPES: Final = 1
METRICS: Final = 2
POINTS: Final = 3
OFFSET: Final = 4
UNUSUAL: Final = 5
EXEMPLARS: Final = 6
"""Points that have some."""
FOUND: Final = 7
