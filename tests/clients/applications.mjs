// The two sample applications with OpenTelemetry auto-instrumentation.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '../support/process.mjs';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const VENV = process.env.HINOMI_TEST_VENV ?? join(FOLDER, '../../target/test-env/venv');

/**
 * How an application exports its data.
 *
 * @typedef {object} Export
 * @property {'grpc' | 'http/protobuf' | 'http/json'} protocol
 * @property {string} endpoint
 * @property {boolean} [compressed] gzip
 * @property {boolean} [allSignals] Metrics and logs too
 */

/**
 * A running application.
 *
 * @typedef {object} Application
 * @property {string} service Its `service.name`
 * @property {number} port
 * @property {Program} program
 * @property {() => Promise<unknown>} stop
 */

/**
 * FastAPI + psycopg + requests.
 *
 * @param {string} service
 * @param {string} databaseUrl
 * @param {Export} how
 * @returns {Promise<Application>}
 */
export async function startPython(service, databaseUrl, how) {
  const program = new Program(
    service,
    join(VENV, 'bin/opentelemetry-instrument'),
    [join(VENV, 'bin/uvicorn'), 'app:app', '--host', '127.0.0.1', '--port', '0', '--no-access-log'],
    { cwd: join(FOLDER, 'python'), env: environment(service, databaseUrl, how) },
  );
  const [, port] = await program.line(/Uvicorn running on http:\/\/127\.0\.0\.1:(\d+)/);
  // uvicorn ends itself with the same signal after its shutdown.
  return { service, port: Number(port), program, stop: () => program.stop() };
}

/**
 * Express + pg + fetch.
 *
 * @param {string} service
 * @param {string} databaseUrl
 * @param {Export} how
 * @returns {Promise<Application>}
 */
export async function startNode(service, databaseUrl, how) {
  const program = new Program(
    service,
    process.execPath,
    ['--require', '@opentelemetry/auto-instrumentations-node/register', 'app.js'],
    { cwd: join(FOLDER, 'node'), env: environment(service, databaseUrl, how) },
  );
  const [, port] = await program.line(/listening (\d+)/);
  // It stays alive after SIGTERM, because the SDK's handler flushes and does not exit.
  return { service, port: Number(port), program, stop: () => program.stop({ signal: 'SIGKILL' }) };
}

/**
 * @param {string} service
 * @param {string} databaseUrl
 * @param {Export} how
 * @returns {NodeJS.ProcessEnv}
 */
function environment(service, databaseUrl, { protocol, endpoint, compressed, allSignals }) {
  const other = allSignals ? 'otlp' : 'none';
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    DATABASE_URL: databaseUrl,
    OTEL_SERVICE_NAME: service,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.version=1.2.3',
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...(compressed ? { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' } : {}),
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: other,
    OTEL_LOGS_EXPORTER: other,
    OTEL_METRIC_EXPORT_INTERVAL: '500',
    OTEL_METRIC_EXPORT_TIMEOUT: '500',
    OTEL_BLRP_SCHEDULE_DELAY: '500',
    OTEL_BSP_SCHEDULE_DELAY: '500',
    // Without these, the cloud detectors ask metadata hosts that do not exist here.
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process',
  };
}
