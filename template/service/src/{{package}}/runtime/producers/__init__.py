"""What web frameworks need to publish tasks and to tell what became of them. One module for each framework."""
