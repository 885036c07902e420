"""Found by the application."""
