// A throng server for a test, on a free port.
//
//   const server = await startThrong();            // throng serve --dev on 127.0.0.1
//   server.url     http://127.0.0.1:PORT/
//   server.ws      ws://127.0.0.1:PORT/connection/websocket
//   await server.stop();
//
// THRONG_BIN names another binary than bin/throng.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

const BIN = process.env.THRONG_BIN ?? fileURLToPath(new URL('../../bin/throng', import.meta.url));
const START_TIMEOUT = 15_000;
const STOP_TIMEOUT = 5_000;

/**
 * Starts `throng serve --dev`; args are added, env replaces the environment's THRONG_ variables.
 * With tls, which is { cert, key }, the port speaks https and wss.
 */
export async function startThrong({ args = [], env = {}, port, tls } = {}) {
  if (!existsSync(BIN)) throw new Error(`no server at ${BIN}: run "make build", or set THRONG_BIN`);
  const listen = port ?? (await freePort());
  const admin = await freePort();
  const all = ['serve', '--dev', '--listen', `127.0.0.1:${listen}`, '--admin', `127.0.0.1:${admin}`, '--drain', '0s', ...args];
  if (tls) all.push('--tls-cert', tls.cert, '--tls-key', tls.key);
  const child = spawn(BIN, all, { env: { ...withoutThrong(process.env), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill); // a test that crashes leaves no server behind
  child.once('exit', () => process.off('exit', kill));
  const log = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(chunk.toString()));
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${listen}/`;
  try {
    await answers(url, child);
  } catch (error) {
    kill();
    throw new Error(`${error.message}\n${log.join('')}`);
  }
  return {
    url,
    ws: `${tls ? 'wss' : 'ws'}://127.0.0.1:${listen}/connection/websocket`,
    admin: `http://127.0.0.1:${admin}/`,
    port: listen,
    pid: child.pid,
    log: () => log.join(''),
    stop: (signal = 'SIGTERM') => stop(child, signal),
  };
}

/** A port nobody listens on, for the server that starts next. */
export async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * A TCP proxy in front of a server, whose line can be cut: cut() ends every
 * connection at once and refuses new ones until mend().
 */
export async function startProxy(targetPort, scheme = 'ws') {
  const sockets = new Set();
  let isCut = false;
  const proxy = net.createServer((inside) => {
    if (isCut) return inside.destroy();
    const outside = net.connect(targetPort, '127.0.0.1');
    join(inside, outside, sockets);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address();
  const endAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${port}/`,
    ws: `${scheme}://127.0.0.1:${port}/connection/websocket`,
    cut() {
      isCut = true;
      endAll();
    },
    mend() {
      isCut = false;
    },
    async stop() {
      endAll();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

/**
 * An HTTP proxy that serves a server below a prefix (/chat/), as nginx does with its default Host:
 * the prefix is taken off, Host is the server's. With upgrades: false WebSockets do not come through.
 */
export async function startPrefixProxy(targetPort, { prefix = '/', upgrades = true } = {}) {
  const sockets = new Set();
  const forward = (request) => ({
    host: '127.0.0.1',
    port: targetPort,
    method: request.method,
    path: `/${request.url.slice(prefix.length)}`,
    headers: { ...request.headers, host: `127.0.0.1:${targetPort}` },
  });
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith(prefix)) return response.writeHead(404).end();
    const options = forward(request);
    if (!upgrades) delete options.headers.upgrade;
    const onward = http.request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  proxy.on('upgrade', (request, inside) => {
    const onward = http.request(upgrades ? forward(request) : { ...forward(request), headers: {} });
    onward.on('upgrade', (answer, outside) => {
      const lines = answer.rawHeaders.flatMap((name, i, all) => (i % 2 ? [] : [`${name}: ${all[i + 1]}`]));
      inside.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      join(inside, outside, sockets);
    });
    onward.on('response', (answer) => {
      answer.resume();
      inside.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
    onward.on('error', () => inside.destroy());
    inside.on('error', () => onward.destroy());
    onward.end();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${proxy.address().port}${prefix}`,
    async stop() {
      sockets.forEach((socket) => socket.destroy());
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function join(a, b, sockets) {
  for (const [from, to] of [[a, b], [b, a]]) {
    sockets.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  }
}

function withoutThrong(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('THRONG_')));
}

/** Resolves once the server answers plain HTTP; rejects if it ends before or takes too long. */
async function answers(url, child) {
  const deadline = Date.now() + START_TIMEOUT;
  while (!(await ping(url))) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`the server does not answer at ${url}`);
    await new Promise((again) => setTimeout(again, 20));
  }
}

function ping(url) {
  return new Promise((result) => {
    const { get } = url.startsWith('https:') ? https : http;
    const request = get(url, { agent: false, timeout: 1000, rejectUnauthorized: false }, (response) => {
      response.resume();
      result(true);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => result(false));
  });
}

async function stop(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(late);
}
