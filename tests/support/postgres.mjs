// A PostgreSQL for the test: with its own folder and its own port on loopback, stopped by its own
// pg_ctl.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './process.mjs';

/** Where Debian installs server programs, one folder for each version. */
const VERSIONS = '/usr/lib/postgresql';
/** Time limit for each step of starting and stopping. */
const STEP_TIMEOUT_MS = 60_000;

/**
 * Starts a fresh cluster and runs `schema` in it.
 *
 * @param {string} schema SQL
 * @returns {Promise<{ url: string, port: number, stop: () => void }>}
 */
export async function startPostgres(schema) {
  const programs = serverPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'hinomi-postgres-'));
  const data = join(folder, 'data');
  const log = join(folder, 'log');
  const [port] = await freePorts(1);

  // PostgreSQL refuses to run as root.
  const asRoot = process.getuid?.() === 0;
  if (asRoot) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(run('id', [flag, 'postgres']).stdout));
    chownSync(folder, uid, gid);
  }
  /** @param {string} program @param {string[]} args */
  const postgres = (program, args) => {
    const path = join(programs, program);
    return asRoot ? run('runuser', ['-u', 'postgres', '--', path, ...args], folder) : run(path, args, folder);
  };

  postgres('initdb', ['-D', data, '-U', 'hinomi', '--auth=trust', '--no-sync', '-E', 'UTF8', '--no-locale']);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  let started = false;
  const stop = () => {
    if (started) postgres('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
    started = false;
    process.off('exit', stop);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', stop);
  try {
    postgres('pg_ctl', ['-D', data, '-l', log, '-w', '-t', '30', '-o', settings, 'start']);
  } catch (error) {
    const said = existsSync(log) ? readFileSync(log, 'utf8') : '';
    throw new Error(`PostgreSQL did not start: ${error}\n${said}`);
  }
  started = true;
  const url = `postgresql://hinomi@127.0.0.1:${port}/postgres`;
  postgres('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', schema]);
  return { url, port, stop };
}

/** The folder with the newest version's programs. */
function serverPrograms() {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
    .filter((folder) => existsSync(join(folder, 'initdb')));
  if (!folders[0]) {
    throw new Error(`no PostgreSQL below ${VERSIONS}; \`cargo xtask test\` installs it`);
  }
  return folders[0];
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd) {
  // The server inherits pg_ctl's streams, so a pipe would stay open as long as the server runs.
  const stdio = command === 'id' ? 'pipe' : 'ignore';
  const result = spawnSync(command, args, { cwd, stdio, encoding: 'utf8', timeout: STEP_TIMEOUT_MS });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
  }
  return result;
}
