// A small orders service on Express, pg and fetch, for tests under auto-instrumentation.
//
// It does not use OpenTelemetry itself: `node --require
// @opentelemetry/auto-instrumentations-node/register app.js` adds it from outside. It prints
// `listening <port>` when it is ready. The port of the other service is in the request, so that
// neither has to start first.
// @opentelemetry/auto-instrumentations-node/register app.js` adds it from outside. It prints
// `listening <port>` when it is ready. The other service's port comes with the request, so that
// neither has to start first.
'use strict';

const express = require('express');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 8 });
const app = express();

// One SELECT with a parameter.
app.get('/orders/:id', async (request, response) => {
  const { rows } = await pool.query('SELECT id, item, amount FROM orders WHERE id = $1', [
    request.params.id,
  ]);
  response.json(rows[0]);
});

// Calls the other service, which queries the database.
app.get('/chain/:id', async (request, response) => {
  const port = Number(request.query.peer_port);
  const answer = await fetch(`http://127.0.0.1:${port}/orders/${Number(request.params.id)}`);
  if (!answer.ok) throw new Error(`the other service answered ${answer.status}`);
  response.json(await answer.json());
});

// Slow because of the database.
app.get('/slow/:milliseconds', async (request, response) => {
  const milliseconds = Number(request.params.milliseconds);
  await pool.query('SELECT pg_sleep($1)', [milliseconds / 1000]);
  response.json({ slept_ms: milliseconds });
});

// Ends with an unhandled exception.
app.get('/fail', () => checkLedger(-1));

// A named function, so that a test can look for it in the stack trace.
function checkLedger(balance) {
  throw new RangeError(`the ledger is out of balance by ${balance}`);
}

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening ${server.address().port}`);
});
