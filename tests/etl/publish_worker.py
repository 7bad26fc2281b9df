"""Runs both jobs over a lake in a process of its own, so that a test may have it killed."""

import sys

from etl import curated, processed
from etl.market import Market
from etl.store import open_store

if __name__ == "__main__":
    store = open_store(sys.argv[1])
    processed.run(store, Market())
    curated.run(store, Market())
