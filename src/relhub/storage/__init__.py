"""Keeping things in PostgreSQL. SQL lives here and nowhere else; nothing here decides."""
