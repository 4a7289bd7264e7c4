"""JSON that is nearly right: a search byte by byte hardly ever passes the parser, and what comes after it is the point."""

import json
from collections.abc import Iterator
from typing import Any

_MARK = "@@{}@@"
# every kind of value, and those at which readers stumble: beyond a float, beyond 4300 digits, half a surrogate pair
ODD = (
    "null", "true", "false", "0", "-1", "1", "2", "255", "-0.0", "1.5", "2147483648", "9223372036854775808", "1e308",
    "-1e999", "1e999", "NaN", "Infinity", "1" + "0" * 400, "1" + "0" * 5000, '""', '"x"', '"0"', '"true"', '"\\ud800"',
    '"\\u0000"', '"' + "A" * 300 + '"', '"AAAA"', '"' + "A" * 43 + '="', '"' + "A" * 86 + '=="', "[]", "[[]]", "{}",
    '{"a":{}}', "[1,2,3]", '["a"]', "[null]", '[["a","b"]]', "[" * 40 + "]" * 40, "[1e999]", '{"":0}',
)  # fmt: skip


def garble(template: Any, data: bytes) -> bytes:
    """The template with a value replaced for each pair of bytes: which one, and by what; a third kind takes it out."""
    tree = json.loads(json.dumps(template))
    for at in range(0, min(len(data) - 1, 16), 2):
        places = list(_list_places(tree))
        if not places:
            break
        holder, key = places[data[at] % len(places)]
        odd = data[at + 1]
        if odd >= 250 and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = _MARK.format(odd % len(ODD))
    text = json.dumps(tree)
    for number, odd_text in enumerate(ODD):
        text = text.replace(f'"{_MARK.format(number)}"', odd_text)
    return text.encode()


def _list_places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every value's holder and its key or index there."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield tree, key
        yield from _list_places(tree[key])


def list_deep() -> Iterator[bytes]:
    """What is nested beyond any parser's stack."""
    for opening in (b"[", b'{"a":', b'{"parameters":['):
        yield opening * 2000
