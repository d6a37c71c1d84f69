"""What people and the program define, in a relational database: one SQLite file in the data folder."""
