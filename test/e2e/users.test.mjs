// The JavaScript SDK and --connection-rate-per-user. Users with an id are accepted by users/main.go.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';

const patience = 30_000;
const dir = mkdtempSync(join(tmpdir(), 'throng-users-'));
const clients = [];
let server;

before(async () => {
  const binary = join(dir, 'users');
  await promisify(execFile)('go', ['build', '-o', binary, './users'], { cwd: fileURLToPath(new URL('.', import.meta.url)) });
  const child = spawn(binary, ['--connection-rate-per-user', '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(patience) });
  server = { child, ws: line.toString().trim() };
});
after(async () => {
  clients.forEach((client) => client.disconnect());
  if (server) {
    const ended = once(server.child, 'exit');
    server.child.stdin.end();
    await ended;
  }
  rmSync(dir, { recursive: true });
});

/** Somebody who connects, and what happens to them: the codes of errors, and the states between them. */
function come(user) {
  const client = new Centrifuge(server.ws, { websocket: WebSocket, token: user, minReconnectDelay: 20, maxReconnectDelay: 500 });
  clients.push(client);
  const story = [];
  client.on('error', ({ error }) => story.push(error.code));
  for (const event of ['connected', 'disconnected']) client.on(event, () => story.push(event));
  client.connect();
  return { story, ready: client.ready(patience) };
}

test('a user that connects too often is refused with 111, and the SDK reconnects by itself', async () => {
  for (let n = 0; n < 2; n++) await come('ana').ready; // the burst is that of two seconds
  const third = come('ana');
  const other = come('bo');
  await other.ready;
  assert.deepEqual(other.story, ['connected'], 'somebody else is held up');
  await third.ready;
  const refused = third.story.filter((what) => what === 111).length;
  assert.ok(refused > 0, `never refused: ${third.story}`);
  assert.deepEqual(third.story, [...Array(refused).fill(111), 'connected']);
});
