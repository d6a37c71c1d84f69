"""What the heads of all mail in HTML have: nothing is zoomed, and dark themes get dark colours."""

from typing import Final

METAS: Final = """\
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
"""
STYLE: Final = """\
<style>
  :root { color-scheme: light dark; }
  @media (prefers-color-scheme: dark) {
    .page { background: #14171b !important; }
    .card { background: #1d2126 !important; border-color: #343b44 !important; }
    .text { color: #e6e9ed !important; }
    .name { color: #a3adb8 !important; }
    .link { color: #8ab4f8 !important; }
  }
</style>
"""
"""For programs that know of themes; the colours of light ones stand in the elements."""
