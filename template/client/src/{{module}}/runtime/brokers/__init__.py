"""What differs between brokers."""
