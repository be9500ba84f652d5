"""A small orders service on FastAPI, psycopg and requests, for tests under auto-instrumentation.

It knows nothing of OpenTelemetry: `opentelemetry-instrument uvicorn app:app` adds it from outside.
The other service's port comes with the request, so that neither has to start first.
"""

import logging
import os

import psycopg
import requests
from fastapi import FastAPI

DATABASE_URL = os.environ["DATABASE_URL"]

app = FastAPI()
log = logging.getLogger("orders")


@app.get("/orders/{order_id}")
def read_order(order_id: int):
    """One SELECT with a parameter."""
    with psycopg.connect(DATABASE_URL) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, item, amount FROM orders WHERE id = %s", (order_id,))
        row = cursor.fetchone()
    return {"id": row[0], "item": row[1], "amount": row[2]}


@app.get("/chain/{order_id}")
def read_order_elsewhere(order_id: int, peer_port: int):
    """Asks the other service, which asks the database."""
    answer = requests.get(f"http://127.0.0.1:{peer_port}/orders/{order_id}", timeout=10)
    answer.raise_for_status()
    return answer.json()


@app.get("/slow/{milliseconds}")
def sleep_in_the_database(milliseconds: int):
    """Slow, and the database is why."""
    with psycopg.connect(DATABASE_URL) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", (milliseconds / 1000,))
    return {"slept_ms": milliseconds}


@app.get("/fail")
def fail():
    """Ends with an exception that nobody handles."""
    return check_ledger(balance=-1)


def check_ledger(balance: int):
    """Named, so that a test can look for it in the stack."""
    log.warning("the ledger is checked: %s", balance)
    raise ValueError(f"the ledger is out of balance by {balance}")
