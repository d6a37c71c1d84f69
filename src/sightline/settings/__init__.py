"""Typed settings. One precedence, from strongest to weakest: flags, environment, `.env`, sightline.toml, defaults.

Every setting has a dotted key (`wal.max_bytes`). It stands in sightline.toml under its table, and in the environment as
`SIGHTLINE_` and the key in capitals with `_` for the dot (`SIGHTLINE_WAL_MAX_BYTES`). An unknown key is refused with the
nearest valid one. docs/guide/settings.md lists them all; a test keeps it so.
"""
