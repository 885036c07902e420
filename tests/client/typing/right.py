"""What strict type checkers accept; it is not run."""

from datetime import date, datetime

import books_client as client
from books_client import PublishError

sent = client.send_receipt.delay(1)
print(sent.id)
identity: str = client.send_receipt.delay(customer_id=1, note=None, date=date(2026, 1, 1), points=[(1, 2.5)]).id
client.send_receipt.apply_async({"customer_id": 1}, countdown=5, task_id=identity)
client.send_receipt.apply_async(kwargs={"customer_id": 1, "kind": "a"}, eta=datetime(2026, 1, 1), expires=60)
signature = client.send_receipt.signature(customer_id=1)
signatures = [client.send_receipt.signature(customer_id=number) for number in range(3)]
for unconfirmed in client.publish_many(signatures):
    print(unconfirmed.reason, unconfirmed.id)
other = client.Client("redis://x:1", namespace="test")
client.send_receipt.on(other).delay(1)
other.publish_many([signature])
arguments: client.SendReceiptArguments = {"customer_id": 1}
client.send_receipt.apply_async(arguments)
client.odd.delay(1, "a", "b", more=2)
try:
    client.send_receipt.delay(1)
except PublishError as error:
    print(error)
