"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, TypeDecorator
from sqlalchemy.orm import mapped_column

# SQLite counts ids by itself only for INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
Id = Annotated[int, mapped_column(BigId, primary_key=True)]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps no zone, so it is stored there without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def state_column(states: type[StrEnum]) -> Enum:
    """A text column that the database lets hold these values only."""
    return Enum(states, **_options(states))


def _options(states: type[StrEnum]) -> dict[str, Any]:
    return {
        "native_enum": False,
        "create_constraint": True,
        "length": 32,
        "name": states.__name__.lower(),
        "values_callable": lambda names: [name.value for name in names],
    }


class Growing(TypeDecorator[Any]):
    """Such a column of a kind that versions add to, and that says what is rather than what to do.

    A value that only a newer version knows is read as `unknown`, and stays what it is: the way back is older code on
    newer rows (docs/upgrading.md). Of a state, or of what a person chose, there is none that could be taken instead.
    """

    impl = Enum
    cache_ok = True

    def __init__(self, states: type[StrEnum], unknown: StrEnum | None) -> None:
        super().__init__(states, **_options(states))
        self.states, self.unknown = states, unknown

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        read = super().result_processor(dialect, coltype)

        def process(value: Any) -> Any:
            try:
                return read(value) if read else value
            except LookupError:
                return self.unknown

        return process
