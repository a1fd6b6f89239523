"""Reading what a caller wrote: every mistake at once, each with its field and its fix.

msgspec stops at the first mistake, so a request is read field by field. What was written is never
repeated in a message: it may be a password.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

from dropship.gateway.http.problems import FieldError, ProblemFound

DEPTH_MAX = 8
_PATH = re.compile(r" - at `\$(.*)`$")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)

S = TypeVar("S", bound=Struct)


def read_query(shape: type[S], query: bytes) -> S:
    """The query string as a struct. Raises ProblemFound, for unknown and repeated names too."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=32
        )
    except ValueError:
        raise ProblemFound("malformed", "the query string cannot be read") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = sorted({name for name, _ in pairs if sum(n == name for n, _ in pairs) > 1})
        raise _invalid(
            [FieldError(_shown(name), "is given twice", "give it once") for name in twice]
        )
    return _read(shape, given, strict=False)


def read_body(shape: type[S], body: bytes) -> S:
    """A JSON body as a struct. Raises ProblemFound."""
    if _too_deep(body):
        raise ProblemFound("malformed", f"the JSON is nested more than {DEPTH_MAX} deep")
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProblemFound("malformed", "the body is not JSON") from None
    if not isinstance(given, dict):
        raise ProblemFound("invalid", "the body is not a JSON object")
    return _read(shape, given, strict=True)


def _too_deep(body: bytes) -> bool:
    """Depth is bounded before decoding; counting openers first makes the usual case free."""
    if body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


@lru_cache(maxsize=128)
def _fields(shape: type[Struct]) -> dict[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(shape)}


@lru_cache(maxsize=512)
def _struct_in(type_: Any) -> type[Struct] | None:
    """The struct that a field holds, when it holds one or nothing."""
    for part in _alternatives(type_):
        if isinstance(part, type) and issubclass(part, Struct):
            return part
    return None


def _read(shape: type[S], given: Mapping[str, Any], *, strict: bool) -> S:
    mistakes: list[FieldError] = []
    values = _values(shape, given, mistakes, "", strict=strict)
    if mistakes:
        raise _invalid(mistakes)
    return shape(**values)


def _values(
    shape: type[Struct],
    given: Mapping[str, Any],
    mistakes: list[FieldError],
    within: str,
    *,
    strict: bool,
) -> dict[str, Any]:
    """The fields of one struct that can be read; the others are added to `mistakes`."""
    fields = _fields(shape)
    if not within or shape.__struct_config__.forbid_unknown_fields:
        known = ", ".join(fields) or "none"
        mistakes += [
            FieldError(within + _shown(name), "is not known here", f"known are: {known}")
            for name in given
            if name not in fields
        ]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in given:
            if field.required:
                mistakes.append(FieldError(within + name, "is missing", _fix(field.type)))
            continue
        inner = _struct_in(field.type)
        if inner is not None and isinstance(given[name], dict):
            before = len(mistakes)
            parts = _values(inner, given[name], mistakes, f"{within}{name}.", strict=strict)
            if len(mistakes) == before:
                values[field.name] = inner(**parts)
            continue
        try:
            values[field.name] = _value(given[name], field.type, strict=strict)
        except msgspec.ValidationError as error:
            mistakes.append(_mistake(within + name, field.type, str(error)))
    return values


def _mistake(name: str, type_: Any, said: str) -> FieldError:
    path = _PATH.search(said)
    name, said = (name + path[1], said[: path.start()]) if path else (name, said)
    fix = _fix(type_)
    if fix and "matching regex" in said:
        return FieldError(name, "does not have the right form", fix)
    if "enum value" in said:
        return FieldError(name, "is none of the values there are", _choice(type_))
    detail = said.replace("`", "")
    return FieldError(name, detail[0].lower() + detail[1:], fix)


def _value(given: Any, type_: Any, *, strict: bool) -> Any:
    if isinstance(given, float) and given.is_integer():
        given = int(given)  # To JSON Schema 60.0 is an integer.
    if not strict and bool in _alternatives(type_) and given not in {"true", "false"}:
        raise msgspec.ValidationError("Expected `true` or `false`")
    value = msgspec.convert(given, type_, strict=strict)
    # In Python $ also matches before a line break at the end, in JSON Schema it does not.
    if isinstance(value, str) and value.endswith("\n"):
        patterns = filter(None, (meta.pattern for meta in _metas(type_)))
        if not all(re.fullmatch(pattern, value) for pattern in patterns):
            raise msgspec.ValidationError("ends with a line break")
    return value


def _invalid(mistakes: list[FieldError]) -> ProblemFound:
    return ProblemFound("invalid", "; ".join(f"{m.field}: {m.detail}" for m in mistakes), mistakes)


def _fix(type_: Any) -> str | None:
    for meta in _metas(type_):
        parts = [meta.description] if meta.description else []
        parts += [f"for example {example}" for example in (meta.examples or [])[:1]]
        if parts:
            return ", ".join(parts)
    return None


def _choice(type_: Any) -> str:
    values: list[Any] = []
    for part in _alternatives(type_):
        if isinstance(part, type) and issubclass(part, Enum):
            values += [member.value for member in part]
        elif get_origin(part) is Literal:
            values += get_args(part)
    return "one of " + ", ".join(map(str, values))


def _metas(type_: Any) -> Iterator[Meta]:
    return (part for part in _parts(type_) if isinstance(part, Meta))


def _alternatives(type_: Any) -> Iterator[Any]:
    """The types of which a value has one."""
    if get_origin(type_) is Annotated:
        yield from _alternatives(get_args(type_)[0])
    elif get_origin(type_) in {Union, UnionType}:
        for part in get_args(type_):
            yield from _alternatives(part)
    else:
        yield type_


def _parts(type_: Any) -> Iterator[Any]:
    """All that a type is made of: itself, and what stands in its brackets, at any depth."""
    yield type_
    for part in get_args(type_):
        yield from _parts(part)


def _shown(name: str) -> str:
    """A stranger's field name, short and printable."""
    return "".join(c if c.isprintable() else "?" for c in name[:64])
