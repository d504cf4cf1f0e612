// The official JavaScript SDK against a real server process: what its users rely on. With SDK=protobuf it is the Protobuf
// build of the SDK, see sdk-protobuf.test.mjs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { Centrifuge, State, SubscriptionState } from 'centrifuge';
import WebSocket from 'ws';
import { withJSONData } from './protobuf.mjs';
import { startProxy, startThrong } from './server.mjs';

let server;
let rooms = 0;
const clients = [];

before(async () => { server = await startThrong(); });
after(() => server?.stop());
afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));

const room = () => `sdk-${++rooms}`;
const patience = 10_000;

const create = process.env.SDK === 'protobuf' ? withJSONData : (url, options) => new Centrifuge(url, options);

function client(name, url = server.ws) {
  const c = create(url, { websocket: WebSocket, data: { name }, minReconnectDelay: 20, maxReconnectDelay: 100 });
  clients.push(c);
  return c;
}

/** The next event of that name, or an error when it does not come. */
async function next(emitter, event) {
  const [context] = await once(emitter, event, { signal: AbortSignal.timeout(patience) });
  return context;
}

/** A connected client, subscribed to channel, that collects publications. */
async function join(name, channel, url) {
  const c = client(name, url);
  const sub = c.newSubscription(channel, { joinLeave: true });
  const got = [];
  sub.on('publication', (context) => got.push(context));
  const subscribed = next(sub, 'subscribed');
  sub.subscribe();
  c.connect();
  return { client: c, sub, got, subscribed: await subscribed };
}

/** Waits until the list has n elements. */
async function reaches(sub, list, n) {
  while (list.length < n) await next(sub, 'publication');
}

describe('connect', () => {
  test('gives a client id and server pings', async () => {
    const c = client('Ana');
    const connected = next(c, 'connected');
    c.connect();
    const context = await connected;
    assert.match(context.client, /^[\x21-\x7e]{8,64}$/);
    assert.equal(c.state, State.Connected);
  });

  test('works on /ws too', async () => {
    const c = client('Ana', server.ws.replace('/connection/websocket', '/ws'));
    const connected = next(c, 'connected');
    c.connect();
    await connected;
  });

  test('two clients have different ids', async () => {
    const channel = room();
    const [a, b] = [await join('a', channel), await join('b', channel)];
    const { clients: present } = await a.sub.presence();
    assert.equal(Object.keys(present).length, 2);
    assert.deepEqual(Object.values(present).map((info) => info.connInfo.name).sort(), ['a', 'b']);
    for (const [id, info] of Object.entries(present)) assert.equal(info.client, id);
    assert.deepEqual(await b.sub.presenceStats(), { numClients: 2, numUsers: 1 }); // both anonymous
  });
});

describe('publish', () => {
  test('reaches everyone in order, the sender included, with the sender\'s info', async () => {
    const channel = room();
    const people = [await join('a', channel), await join('b', channel), await join('c', channel)];
    for (let i = 0; i < 50; i++) await people[i % 3].sub.publish({ text: `message ${i}` });
    for (const { sub, got } of people) {
      await reaches(sub, got, 50);
      assert.deepEqual(got.map((p) => p.data.text), Array.from({ length: 50 }, (_, i) => `message ${i}`));
      assert.deepEqual(got.slice(0, 3).map((p) => p.info.connInfo.name), ['a', 'b', 'c']);
      const offsets = got.map((p) => p.offset);
      assert.ok(offsets.every((offset, i) => i === 0 || offset > offsets[i - 1]), `offsets rise: ${offsets}`);
    }
  });

  test('by several at once is in the same order for all', async () => {
    const channel = room();
    const people = await Promise.all(Array.from({ length: 8 }, (_, i) => join(`p${i}`, channel)));
    await Promise.all(people.map(async ({ sub }, who) => {
      for (let i = 0; i < 25; i++) await sub.publish({ text: `${who}:${i}` });
    }));
    const orders = [];
    for (const { sub, got } of people) {
      await reaches(sub, got, 200);
      orders.push(got.map((p) => p.data.text).join());
    }
    assert.equal(new Set(orders).size, 1);
  });

  test('carries any JSON unchanged', async () => {
    const { sub, got } = await join('a', room());
    const values = [{ text: 'Grüße 👋 \u2028 "quoted" \\ \n' }, [1, 2.5, -0.1e-7, null, true], 'text', 0, {}];
    for (const value of values) await sub.publish(value);
    await reaches(sub, got, values.length);
    assert.deepEqual(got.map((p) => p.data), values);
  });

  test('to a room without having joined it works where it is allowed', async () => {
    const channel = room();
    const { sub, got } = await join('a', channel);
    const other = client('b');
    other.connect();
    await other.publish(channel, { text: 'from outside' });
    await reaches(sub, got, 1);
    assert.equal(got[0].data.text, 'from outside');
  });

  test('above the size limit closes the connection with 1009', async () => {
    const c = client('a');
    c.connect();
    await c.ready(patience);
    const gone = next(c, 'disconnected');
    c.publish(room(), { text: 'x'.repeat(70_000) }).catch(() => {});
    assert.equal((await gone).code, 3); // the SDK's own code for "message size limit exceeded" (1009)
  });
});

describe('rooms', () => {
  test('send joins and leaves', async () => {
    const channel = room();
    const a = await join('a', channel);
    // A join and a leave within a second cancel out, so each comes a second late.
    const about = async (event, name) => {
      while ((await next(a.sub, event)).info.connInfo.name !== name);
    };
    const joined = about('join', 'b');
    const b = await join('b', channel);
    await joined;
    const left = about('leave', 'b');
    b.sub.unsubscribe();
    await left;
    assert.equal((await a.sub.presenceStats()).numClients, 1);
  });

  test('keep history, forwards, backwards and from a position', async () => {
    const { sub } = await join('a', room());
    for (let i = 0; i < 10; i++) await sub.publish({ n: i });
    const numbers = (history) => history.publications.map((p) => p.data.n);
    const all = await sub.history({ limit: -1 });
    assert.deepEqual(numbers(all), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(numbers(await sub.history({ limit: 3 })), [0, 1, 2]);
    assert.deepEqual(numbers(await sub.history({ limit: 3, reverse: true })), [9, 8, 7]);
    const since = { offset: all.publications[6].offset, epoch: all.epoch };
    assert.deepEqual(numbers(await sub.history({ limit: -1, since })), [7, 8, 9]);
    assert.deepEqual(numbers(await sub.history({ limit: 2, since, reverse: true })), [5, 4]);
    assert.deepEqual(numbers(await sub.history({ limit: 0 })), []);
    await assert.rejects(sub.history({ limit: 1, since: { offset: 1, epoch: 'another' } }), { code: 112 });
  });

  test('are separate', async () => {
    const [a, b] = [await join('a', room()), await join('b', room())];
    await a.sub.publish({ text: 'for a' });
    await b.sub.publish({ text: 'for b' });
    await Promise.all([reaches(a.sub, a.got, 1), reaches(b.sub, b.got, 1)]);
    assert.deepEqual([a.got, b.got].map((got) => got.map((p) => p.data.text)), [['for a'], ['for b']]);
  });

  test('can be left and joined again', async () => {
    const { sub, got } = await join('a', room());
    sub.unsubscribe();
    assert.equal(sub.state, SubscriptionState.Unsubscribed);
    const again = next(sub, 'subscribed');
    sub.subscribe();
    await again;
    await sub.publish({ text: 'back' });
    await reaches(sub, got, 1);
  });

  test('in an unknown namespace are refused', async () => {
    const c = client('a');
    c.connect();
    const sub = c.newSubscription('nowhere:room');
    const ended = next(sub, 'unsubscribed');
    sub.subscribe();
    assert.equal((await ended).code, 102);
  });

  test('typing: carries no history', async () => {
    const { sub, got } = await join('a', 'typing:room');
    await sub.publish({ typing: true });
    await reaches(sub, got, 1);
    await assert.rejects(sub.history({ limit: 10 }), (error) => error.code === 108 || error.code === 103);
  });
});

test('an RPC is answered with error 108', async () => {
  const c = client('a');
  c.connect();
  await assert.rejects(c.rpc('nonsense', {}), { code: 108 });
});

describe('a position that the application stores', () => {
  /** Subscribes with options and collects what is recovered. */
  async function resume(channel, options) {
    const c = client('reader');
    const sub = c.newSubscription(channel, options);
    const got = [];
    sub.on('publication', ({ data }) => got.push(data.n));
    const subscribed = next(sub, 'subscribed');
    sub.subscribe();
    c.connect();
    return { sub, got, subscribed: await subscribed };
  }

  for (const [what, options] of [
    ['since the beginning, without an epoch', { since: { offset: 0, epoch: '' } }],
    ['of getState', { getState: async () => ({ offset: 0, epoch: '' }) }],
  ]) {
    test(`${what} brings everything that is there`, async () => {
      const channel = room();
      const writer = await join('writer', channel);
      for (let n = 0; n < 3; n++) await writer.sub.publish({ n });
      const { sub, got, subscribed } = await resume(channel, options);
      assert.equal(subscribed.wasRecovering, true);
      assert.equal(subscribed.recovered, true);
      await writer.sub.publish({ n: 3 });
      while (got.length < 4) await next(sub, 'publication');
      assert.deepEqual(got, [0, 1, 2, 3]);
    });
  }

  test('from getState is requested again when the room cannot be recovered from it', async () => {
    const channel = room();
    const writer = await join('writer', channel);
    await writer.sub.publish({ n: 0 });
    const { offset, epoch } = await writer.sub.history({ limit: 0 });
    const states = [{ offset: 0, epoch: 'of another server' }, { offset, epoch }];
    const { sub, got, subscribed } = await resume(channel, { getState: async () => states.shift(), minResubscribeDelay: 10 });
    assert.equal(subscribed.recovered, true);
    assert.deepEqual(states, []);
    await writer.sub.publish({ n: 1 });
    while (got.length < 1) await next(sub, 'publication');
    assert.deepEqual(got, [1]);
  });
});

describe('a lost connection', () => {
  test('recovers every message, once and in order', async () => {
    const proxy = await startProxy(server.port);
    try {
      const channel = room();
      const sender = await join('sender', channel);
      const { client: c, sub, got } = await join('traveller', channel, proxy.ws);
      await sender.sub.publish({ n: 0 });
      await reaches(sub, got, 1);
      for (let round = 0; round < 3; round++) {
        const lost = next(c, 'connecting');
        proxy.cut();
        await lost;
        for (let i = 1; i <= 20; i++) await sender.sub.publish({ n: round * 20 + i });
        const back = next(sub, 'subscribed');
        proxy.mend();
        const context = await back;
        assert.equal(context.wasRecovering, true);
        assert.equal(context.recovered, true);
        await reaches(sub, got, round * 20 + 21);
      }
      assert.deepEqual(got.map((p) => p.data.n), Array.from({ length: 61 }, (_, i) => i));
    } finally {
      await proxy.stop();
    }
  });

  test('during a stream of messages loses none', async () => {
    const proxy = await startProxy(server.port);
    try {
      const channel = room();
      const sender = await join('sender', channel);
      const { client: c, sub, got } = await join('traveller', channel, proxy.ws);
      let enough = false;
      const sending = (async () => {
        let n = 0;
        while (!enough) await sender.sub.publish({ n: n++ });
        return n;
      })();
      for (let i = 0; i < 5; i++) {
        await reaches(sub, got, got.length + 20);
        const lost = next(c, 'connecting');
        proxy.cut();
        await lost;
        const back = next(sub, 'subscribed');
        proxy.mend();
        await back;
      }
      enough = true;
      const sent = await sending;
      await reaches(sub, got, sent);
      assert.deepEqual(got.map((p) => p.data.n), Array.from({ length: sent }, (_, i) => i));
    } finally {
      await proxy.stop();
    }
  });

  test('to a restarted server reports that history is gone', async () => {
    let own = await startThrong();
    const { port } = own;
    const { client: c, sub } = await join('a', room(), own.ws);
    await sub.publish({ text: 'lost with the process' });
    const lost = next(c, 'connecting');
    await own.stop();
    assert.equal((await lost).code, 3001);
    const back = next(sub, 'subscribed');
    own = await startThrong({ port });
    const context = await back;
    assert.deepEqual([context.wasRecovering, context.recovered], [true, false]);
    c.disconnect();
    await own.stop();
  });
});

test('a client that does not answer pings is closed, and its presence ends', async () => {
  const own = await startThrong({ args: ['--ping-interval', '2s', '--pong-timeout', '1s'] });
  try {
    const channel = room();
    const { sub } = await join('watcher', channel, own.ws);
    const mute = new WebSocket(own.ws);
    await next(mute, 'open');
    mute.send('{"id":1,"connect":{"data":{"name":"mute"}}}\n{"id":2,"subscribe":{"channel":"' + channel + '"}}');
    const code = new Promise((closed) => mute.on('close', closed));
    assert.equal(await code, 3012);
    assert.equal((await sub.presenceStats()).numClients, 1);
  } finally {
    clients.splice(0).forEach((c) => c.disconnect());
    await own.stop();
  }
});
