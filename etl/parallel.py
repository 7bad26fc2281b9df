"""Work that waits, at the same time: many requests to the store, or the next item while one is dealt with."""

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

WIDTH = 8
"""Less than the connections that boto3 keeps open for one client."""

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return what `work` makes of each item, in their order; the first error ends all that has not begun."""
    todo = list(items)
    if len(todo) < 2:
        return [work(item) for item in todo]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  many runs have nothing to wait for

    with ThreadPoolExecutor(min(WIDTH, len(todo))) as pool:
        futures = [pool.submit(work, item) for item in todo]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Generator[R]:
    """Yield what `work` makes of each item, in their order, while it is at work on the next one."""
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(1) as worker:
        future: Future[R] | None = None
        for item in items:
            following = worker.submit(work, item)
            if future is not None:
                yield future.result()
            future = following
        if future is not None:
            yield future.result()
