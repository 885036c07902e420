"""What others see of a service while it runs. Each module is there where the answers chose it."""
