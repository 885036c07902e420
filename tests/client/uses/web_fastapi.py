"""`python web_fastapi.py ORDERS`: an application of FastAPI with a view that publishes each, called over HTTP."""

import asyncio
import sys

import shop_client as client
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

app = FastAPI()


@app.post("/orders/{order}", status_code=202)
async def place(order: str) -> dict[str, str]:
    """Publish without holding up the event loop."""
    try:
        sent = await asyncio.to_thread(client.record_order.delay, order=order)
    except client.PublishError as error:
        raise HTTPException(503, str(error)) from error
    return {"id": sent.id}


if __name__ == "__main__":
    with TestClient(app) as http:
        print([http.post(f"/orders/{order}").status_code for order in sys.argv[1:]])
