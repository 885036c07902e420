"""What a developer's machine needs: servers to try the service with, and the demo. Never part of the image."""
