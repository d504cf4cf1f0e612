// The JavaScript SDK as a slow reader and after a long absence: rooms that drop messages, and recovery in pages.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { startProxy, startThrong } from './server.mjs';

const run = promisify(execFile);
const patience = 30_000;
const outbound = 256 << 10; // bytes that may wait for one client
const page = 128 << 10;
const size = 50_000; // bytes of one message

const config = `
channel:
  namespaces:
    - name: ticker
      slow_consumer: drop
      allow_subscribe_for_client: true
      allow_subscribe_for_anonymous: true
      allow_publish_for_client: true
      allow_publish_for_anonymous: true
`;

const dir = mkdtempSync(join(tmpdir(), 'throng-slow-'));
const file = join(dir, 'throng.yaml');
const tls = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
const undo = [];
let server;

before(async () => {
  writeFileSync(file, config);
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-keyout', tls.key, '-out', tls.cert,
  ]);
});
afterEach(async () => {
  for (const f of undo.splice(0).reverse()) await f();
});
after(() => rmSync(dir, { recursive: true }));

/** The next event of that name, or an error when it does not come. */
async function next(emitter, event) {
  const [context] = await once(emitter, event, { signal: AbortSignal.timeout(patience) });
  return context;
}

/**
 * Somebody in a room. story is what came, in order: the number of a message, or { dropped, channel }. Its socket is the
 * newest one, whose reading can be paused.
 */
async function enter(channel, url = server.ws) {
  const person = { story: [], socket: undefined };
  class Watched extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { rejectUnauthorized: false });
      person.socket = this;
    }
  }
  person.client = new Centrifuge(url, { websocket: Watched, minReconnectDelay: 20, maxReconnectDelay: 100 });
  undo.push(() => person.client.disconnect());
  person.sub = person.client.newSubscription(channel);
  const tell = (what) => {
    person.story.push(what);
    person.client.emit('told');
  };
  person.sub.on('publication', ({ data }) => tell(data.n));
  person.client.on('message', ({ data }) => tell(data));
  person.until = async (enough) => { while (!enough()) await next(person.client, 'told'); };
  person.sub.subscribe();
  person.client.connect();
  await person.sub.ready(patience);
  return person;
}

const pad = 'x'.repeat(size);

/** Publishes the numbers from first to before end, one after the other. */
async function publish({ sub }, first, end) {
  for (let n = first; n < end; n++) await sub.publish({ n, pad });
}

const numbers = (first, end) => Array.from({ length: end - first }, (_, i) => first + i);

/** A number of the server's page of metrics. */
async function metric(name) {
  const text = await (await fetch(`${server.admin}metrics`)).text();
  const line = text.split('\n').find((l) => l.startsWith(`${name} `));
  assert.ok(line, `no metric ${name}`);
  return Number(line.slice(name.length));
}

for (const [scheme, options] of Object.entries({ ws: {}, wss: { tls } })) describe(scheme, () => {
  before(async () => {
    server = await startThrong({ args: ['--config', file, '--outbound-bytes', `${outbound}`, '--recovery-max-bytes', `${page}`, '--room-history-bytes', '256MiB', '--publisher-history-bytes', '256MiB'], ...options });
  });
  after(() => server?.stop());

  describe('a slow member of a room that drops', () => {
    test('misses whole messages and receives their number at the right place', async () => {
      const channel = 'ticker:drop';
      const [slow, fast] = [await enter(channel), await enter(channel)];
      let left = 0;
      slow.client.on('connecting', () => left++);
      await publish(fast, 0, 10);
      await slow.until(() => slow.story.length === 10);

      const sent = 800; // 40 MB: more than the two sockets and the outbound bound hold
      slow.socket.pause();
      await publish(fast, 10, sent);
      slow.socket.resume();
      const missed = () => slow.story.reduce((sum, { dropped = 0 }) => sum + dropped, 0);
      const received = () => slow.story.filter(Number.isInteger).length;
      await slow.until(() => received() + missed() >= sent);

      // The number of every message is the number of messages that arrived or were announced as dropped before it.
      let at = 0;
      for (const what of slow.story) {
        if (Number.isInteger(what)) {
          assert.equal(what, at++);
        } else {
          assert.deepEqual(what, { dropped: what.dropped, channel });
          assert.ok(what.dropped > 0);
          at += what.dropped;
        }
      }
      assert.equal(at, sent);
      assert.ok(missed() > 0, 'nothing was dropped');
      assert.equal(left, 0, 'it was disconnected');
      await fast.until(() => fast.story.length === sent);
      assert.deepEqual(fast.story, numbers(0, sent));
      assert.equal(await metric('throng_dropped_messages_total'), missed());

      await publish(fast, sent, sent + 1);
      await slow.until(() => slow.story.at(-1) === sent);
    });
  });

  describe('a slow member of a room that keeps its history', () => {
    test('is disconnected with 3008, reconnects by itself and recovers every message', async () => {
      const [slow, fast] = [await enter('history'), await enter('history')];
      const sent = 400; // 20 MB
      slow.socket.pause();
      const lost = next(slow.client, 'connecting');
      const back = next(slow.sub, 'subscribed');
      await publish(fast, 0, sent);
      slow.socket.resume();
      assert.equal((await lost).code, 3008);
      const { wasRecovering, recovered } = await back;
      assert.deepEqual({ wasRecovering, recovered }, { wasRecovering: true, recovered: true });
      await slow.until(() => slow.story.length >= sent);
      assert.deepEqual(slow.story, numbers(0, sent));
    });
  });

  describe('a client that missed more than its backlog may hold', () => {
    test('recovers in pages and receives every message once and in order', async () => {
      const proxy = await startProxy(server.port, scheme);
      undo.push(() => proxy.stop());
      const channel = 'pages';
      const writer = await enter(channel);
      const traveller = await enter(channel, proxy.ws);
      await publish(writer, 0, 5);
      await traveller.until(() => traveller.story.length === 5);

      const lost = next(traveller.client, 'connecting');
      proxy.cut();
      await lost;
      await publish(writer, 5, 400); // 20 MB, 75 times the bound
      const full = await metric('throng_limit_hits_total{limit="recovery_max_bytes"}');
      const cut = await metric('throng_slow_disconnects_total');
      const back = next(traveller.sub, 'subscribed');
      proxy.mend();
      const { wasRecovering, recovered } = await back;
      assert.deepEqual({ wasRecovering, recovered }, { wasRecovering: true, recovered: true });
      await publish(writer, 400, 420); // meanwhile
      await traveller.until(() => traveller.story.length >= 420);

      assert.deepEqual(traveller.story, numbers(0, 420));
      const pages = (await metric('throng_limit_hits_total{limit="recovery_max_bytes"}')) - full;
      assert.ok(pages >= Math.floor((395 * size) / page), `${pages} pages were full`);
      assert.equal(await metric('throng_slow_disconnects_total'), cut);
    });
  });
});
