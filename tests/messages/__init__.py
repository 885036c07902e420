"""Odd messages between good ones: none stops, delays or accuses another one."""
