"""What an engine must answer. An engine reads rows; everything it returns is a small Arrow table or a count.

May import: errors, load.table, tally.plan.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from evenhand.load.table import Table
from evenhand.tally.plan import Admission, GroupBy, Join, Range, UnitGroupBy

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """The rows to audit: predictions, attributes if they are a file of their own, and how they join."""

    predictions: Table
    attributes: Table | None = None
    join: Join | None = None


class Engine(ABC):
    """Adds up rows. Two engines given the same rows and plan return equal tables, up to the order of rows.

    `threads` and `memory` are limits for the engine ("2GB"); `scratch` is a private folder it may spill into. Use as a
    context manager: leaving it releases whatever the engine holds.
    """

    name: ClassVar[str]
    described: ClassVar[str]

    def __init__(self, rows: Rows, *, scratch: Path, threads: int | None = None, memory: str | None = None) -> None:
        self.rows = rows
        self.scratch = scratch
        self.threads = threads
        self.memory = memory
        self.passes = 0
        """How often the rows were read; printed in run.json."""

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Release connections and spill files."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Version of the library that does the work, for run.json and `doctor`."""

    @abstractmethod
    def group(self, query: GroupBy) -> pa.Table:
        """One row per combination of keys, columns named after keys and sums."""

    @abstractmethod
    def size(self, query: GroupBy) -> int:
        """How many cells `group` would return; nothing but the number leaves the engine."""

    @abstractmethod
    def group_units(self, query: UnitGroupBy) -> pa.Table:
        """One row per combination of keys: `units`, the sum of each mask, the limbs of each product.

        With strata, one per pair of strata that a unit has rows in: products of the two; `units` and sums where they
        are the same one.
        """

    @abstractmethod
    def select(self, columns: Sequence[str], admission: Admission) -> pa.Table:
        """The audited rows themselves, only these columns: for metrics that exist only as functions of rows."""

    @abstractmethod
    def distinct(self, column: str, admission: Admission | None = None) -> tuple[int, int]:
        """Number of different non-missing values of a column, and of missing ones.

        Among the rows of the file that the column is from; with `admission`, among the audited rows, joined.
        """

    @abstractmethod
    def sizes(self, columns: Sequence[str]) -> Mapping[str, int]:
        """Number of different non-missing values of each column, among the rows of the file that it is from."""

    @abstractmethod
    def ranges(self, columns: Sequence[str], admission: Admission) -> Mapping[str, Range]:
        """Range of each number column over the audited rows."""

    @abstractmethod
    def unmatched_attributes(self) -> int:
        """Rows of the attributes whose key no prediction has."""
