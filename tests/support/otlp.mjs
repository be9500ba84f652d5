// OTLP/JSON trace requests, as an agent would send them.
import { randomBytes } from 'node:crypto';

/** Kinds of spans, by OTLP's numbers. */
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

/**
 * A span to send. Missing values are generated.
 *
 * @typedef {object} SpanShape
 * @property {string} name
 * @property {number} [kind]
 * @property {string} [traceId]
 * @property {string} [spanId]
 * @property {string} [parentSpanId]
 * @property {number} endMs Unix milliseconds
 * @property {number} durationMs
 * @property {Record<string, string | number | boolean>} [attributes]
 * @property {{ name: string, attributes?: Record<string, string> }[]} [events] At the span's end
 * @property {string} [error] Status description; its presence makes the span failed
 */

/**
 * A request with one resource and one scope.
 *
 * @param {Record<string, string>} resource Attributes of the resource
 * @param {SpanShape[]} spans
 * @param {string} [scope]
 */
export function traceRequest(resource, spans, scope = 'hinomi-test') {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes(resource) },
        scopeSpans: [{ scope: { name: scope, version: '1' }, spans: spans.map(encode) }],
      },
    ],
  };
}

/** A new random trace id. */
export const newTraceId = () => randomBytes(16).toString('hex');
/** A new random span id. */
export const newSpanId = () => randomBytes(8).toString('hex');

/** @param {SpanShape} span */
function encode(span) {
  const end = nanos(span.endMs);
  return {
    traceId: span.traceId ?? newTraceId(),
    spanId: span.spanId ?? newSpanId(),
    parentSpanId: span.parentSpanId ?? '',
    name: span.name,
    kind: span.kind ?? KIND.server,
    startTimeUnixNano: nanos(span.endMs - span.durationMs),
    endTimeUnixNano: end,
    attributes: attributes(span.attributes ?? {}),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      timeUnixNano: end,
      attributes: attributes(event.attributes ?? {}),
    })),
    status: span.error === undefined ? {} : { code: 2, message: span.error },
  };
}

/** @param {number} ms */
function nanos(ms) {
  return (BigInt(Math.round(ms * 1000)) * 1000n).toString();
}

/** @param {Record<string, string | number | boolean>} values */
function attributes(values) {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** @param {string | number | boolean} value */
function anyValue(value) {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
