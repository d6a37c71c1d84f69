"""The schema's history, run by Alembic. A change of the schema is a new file in versions/ and a line in ../revision.py."""
