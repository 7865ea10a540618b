"""Reads a source and gives back what an engine would find, by plain pyarrow: no engine takes part in these tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenhand.errors import EvenhandError
from evenhand.load.sources import open_table
from evenhand.load.table import ArrowRows, Table, WantedColumn

Read = Callable[..., tuple[Table, dict[str, list[Any]]]]


def values_of(table: Table) -> dict[str, list[Any]]:
    """Key of each wanted column -> its values in order."""
    if isinstance(table.source, ArrowRows):
        aliased, rows = True, table.source.table
    else:
        # ParquetFile, since pyarrow's datasets take `race=unknown` folders for columns
        aliased = table.source.aliased
        rows = pa.concat_tables([pq.ParquetFile(path).read() for path in table.source.paths])
    return {
        key: rows.column(column.alias if aliased else column.name).to_pylist() for key, column in table.columns.items()
    }


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(source, "sex", age="number")`: labels by position, other types by keyword; options under `options`."""

    def reading(source: Any, *labels: str, options: dict[str, Any] | None = None, **typed: Any) -> Any:
        wanted = [WantedColumn(name, "label") for name in labels]
        wanted += [WantedColumn(name, kind) for name, kind in typed.items()]
        table = open_table(source, wanted, staging=tmp_path / "staging", what="predictions", **(options or {}))
        return table, values_of(table)

    return reading


@pytest.fixture
def refused(read: Read) -> Callable[..., EvenhandError]:
    """Like `read`, for what must be refused: the error, which must end a run with exit code 2."""

    def reading(*arguments: Any, **options: Any) -> EvenhandError:
        with pytest.raises(EvenhandError) as caught:
            read(*arguments, **options)
        assert caught.value.exit_code == 2
        assert str(caught.value)[0] in "`abcdefghijklmnopqrstuvwxyz"
        return caught.value

    return reading
