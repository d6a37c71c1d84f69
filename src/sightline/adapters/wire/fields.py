"""JSON bodies into typed structs, with what is wrong said by the path of the field, as `metrics[3].value: ...`."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from sightline.domain.errors import InvalidField, MalformedBody

_Struct = TypeVar("_Struct")

_MISSING: Final = re.compile(r"Object missing required field `(\w+)`(?: - at `\$\.?(.*)`)?", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?", re.DOTALL)
_WRONG: Final = re.compile(r"(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?", re.DOTALL)
_EXPECTED: Final = re.compile(r"Expected `[^`]*`(.*)", re.DOTALL)


def decode(decoder: msgspec.json.Decoder[_Struct], data: bytes, expected: Mapping[str, str]) -> _Struct:
    """The struct that a body holds. expected: what each field wants, by its name, in words.

    Raises:
        MalformedBody: no JSON, or nested too deeply, or not UTF-8.
        InvalidField: JSON of another shape; names the field.
    """
    if not data:
        raise MalformedBody("the body is empty: it wants to be JSON")
    try:
        data.decode()  # the decoder looks at the bytes of used fields alone
        return decoder.decode(data)
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8: byte {error.start} is no part of a character") from None
    except RecursionError:
        raise MalformedBody("the JSON of the body is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise _invalid(str(error), expected) from None
    except msgspec.DecodeError as error:
        raise MalformedBody(f"the body is no JSON: {error}") from None


def _invalid(text: str, expected: Mapping[str, str]) -> InvalidField:
    missing = _MISSING.fullmatch(text)
    if missing is not None:
        path = f"{missing[2]}.{missing[1]}" if missing[2] else missing[1]
        return InvalidField(f"{path}: is missing", field=path)
    unknown = _UNKNOWN.fullmatch(text)
    if unknown is not None:
        path = f"{unknown[2]}.{unknown[1]}" if unknown[2] else unknown[1]
        return InvalidField(f"{path}: there is no such field", field=path)
    wrong = _WRONG.fullmatch(text)
    reason, path = (wrong[1], wrong[2] or "") if wrong is not None else (text, "")
    path = path.removesuffix("[...]")  # some value of a mapping: the decoder does not say which
    name = path.rpartition(".")[2]
    wants = expected.get(name, "an object" if reason.startswith("Expected `object`") else "")
    if wants:
        found = _EXPECTED.fullmatch(reason)
        reason = f"wants {wants}{found[1] if found is not None else f' ({reason})'}"
    return InvalidField(f"{path or InvalidField.WHOLE}: {reason}", field=path)
