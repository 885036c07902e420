"""The client of a service: what publishes its tasks from another application, without any of the service's code.

No service has this package: `asyncgen client` copies it, and the modules of the runtime that it imports, into the
package that it writes. `contract` knows no Celery.
"""
