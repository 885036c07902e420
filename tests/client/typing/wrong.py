"""What type checkers have to refuse: each line with a mark, for the one that it names or for all."""

import books_client as client

client.send_receipt.delay()  # wrong
client.send_receipt.delay("1")  # wrong
client.send_receipt.delay(customer=1)  # wrong
client.send_receipt.delay(1, 2)  # wrong
client.send_receipt.delay(1, kind="z")  # wrong
client.send_receipt.delay(1, points=[(1, "2")])  # wrong
client.send_receipt.delay(1, date="2026-01-01")  # wrong
client.send_receipt.apply_async({"customer": 1})  # wrong
client.send_receipt.apply_async({})  # wrong
client.send_receipt.apply_async({"customer_id": 1}, countdwn=5)  # wrong
client.send_receipt.apply_async({"customer_id": 1}, countdown="5")  # wrong
client.send_receipt.signature("1")  # wrong
client.publish_many([client.send_receipt])  # wrong
client.send_recept.delay(1)  # wrong
client.ping.delay(1)  # wrong
client.odd.delay(1, 2)  # wrong
client.send_receipt.on("x")  # wrong
client.ping.delay()  # wrong: pyright
client.send_invoice.delay(1)  # wrong: pyright
