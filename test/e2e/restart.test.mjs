// A planned restart, with the official JavaScript SDK.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, test } from 'node:test';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { startThrong } from './server.mjs';

const patience = 20_000;
const undo = [];
afterEach(async () => { for (const f of undo.splice(0).reverse()) await f(); });

async function server(options) {
  const s = await startThrong(options);
  undo.push(() => s.stop('SIGKILL'));
  return s;
}

/** A member of a room. publish() repeats after temporary errors, as an application would. */
async function member(ws, channel) {
  const client = new Centrifuge(ws, { websocket: WebSocket, minReconnectDelay: 50, maxReconnectDelay: 200 });
  undo.push(() => client.disconnect());
  const m = { client, got: new Set(), acknowledged: [], refused: 0, lost: null };
  client.on('connecting', ({ code }) => {
    if (code === 0) return; // connect() was called
    m.lost = { code, got: new Set(m.got) };
    client.emit('lost', m.lost);
  });
  const sub = client.newSubscription(channel);
  sub.on('publication', ({ data }) => m.got.add(data));
  sub.subscribe();
  client.connect();
  await sub.ready(patience);
  m.publish = async (data) => {
    for (;;) {
      await client.ready(patience);
      const before = m.lost;
      try {
        await sub.publish(data);
        if (before === null) m.acknowledged.push(data); // by the server that stops
        return;
      } catch (error) {
        if (error.code === 111) {
          assert.equal(error.temporary, true);
          m.refused++;
        } else if (error.code >= 100) {
          throw error;
        }
        await new Promise((again) => setTimeout(again, 5));
      }
    }
  };
  return m;
}

describe('a planned restart', () => {
  for (const drain of ['0s', '1s']) {
    test(`loses nothing that was acknowledged, with --drain ${drain}`, async () => {
      const old = await server({ args: ['--drain', drain] });
      const rooms = ['a', 'b', 'c', 'd'];
      const members = [];
      for (let i = 0; i < 40; i++) members.push(Object.assign(await member(old.ws, rooms[i % 4]), { room: rooms[i % 4] }));
      let talking = true;
      const talks = members.slice(0, 12).map(async (m, i) => {
        for (let n = 0; talking; n++) {
          await m.publish(`${i}/${n}`);
          await new Promise((later) => setTimeout(later, 5));
        }
      });
      while (members.some((m) => m.got.size < 30)) await new Promise((later) => setTimeout(later, 10));

      const lost = members.map((m) => once(m.client, 'lost', { signal: AbortSignal.timeout(patience) }));
      await old.stop();
      await Promise.all(lost);
      const fresh = await server({ port: old.port });
      await Promise.all(members.map((m) => m.client.ready(patience)));
      for (const m of members.slice(0, 12)) { // the publishers go on at the new server
        const from = m.got.size;
        while (m.got.size <= from) await new Promise((later) => setTimeout(later, 10));
      }
      talking = false;
      await Promise.all(talks);

      let acknowledged = 0;
      for (const m of members) {
        assert.equal(m.lost.code, 3001);
        for (const other of members.filter((o) => o.room === m.room)) {
          acknowledged += other.acknowledged.length;
          for (const data of other.acknowledged) assert.ok(m.lost.got.has(data), `${data} was acknowledged, and missed in room ${m.room}`);
        }
      }
      assert.ok(acknowledged > 1000, `${acknowledged} deliveries were looked at`);
      if (drain !== '0s') assert.ok(members.some((m) => m.refused > 0), 'nobody was refused: nothing was tested');
      assert.equal(fresh.port, old.port);
    });
  }
});
