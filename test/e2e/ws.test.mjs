// npm ws as a client without an SDK, and /echo.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { startThrong } from './server.mjs';

let server;
const sockets = [];

before(async () => { server = await startThrong({ args: ['--echo', '--echo-max-message', '16MiB', '--compression'] }); });
after(() => server?.stop());
afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));

const patience = 20_000;

async function open(path, options) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, options);
  sockets.push(socket);
  socket.frames = [];
  socket.on('message', (data, binary) => {
    socket.frames.push(binary ? data : data.toString());
    socket.emit('frame');
  });
  await once(socket, 'open', { signal: AbortSignal.timeout(patience) });
  return socket;
}

async function frames(socket, n) {
  while (socket.frames.length < n) await once(socket, 'frame', { signal: AbortSignal.timeout(patience) });
  return socket.frames;
}

/** All replies and pushes that came, split at the newlines that batch them. */
const lines = (socket) => socket.frames.flatMap((frame) => frame.split('\n')).map((line) => JSON.parse(line));

async function reply(socket, id) {
  for (;;) {
    const found = lines(socket).find((line) => line.id === id);
    if (found) return found;
    await once(socket, 'frame', { signal: AbortSignal.timeout(patience) });
  }
}

async function closed(socket) {
  const [code, reason] = await once(socket, 'close', { signal: AbortSignal.timeout(patience) });
  return { code, reason: reason.toString() };
}

describe('the protocol without an SDK', () => {
  test('many commands in one frame are answered, and a malformed one among them', async () => {
    const socket = await open('/ws');
    socket.send([
      '{"id":1,"connect":{}}',
      '{"id":2,"subscribe":{"channel":"by-hand"}}',
      '{"id":3,"publish":{"channel":"by-hand","data":{ "text" : "spaces stay" }}}',
      '{"id":4,"nonsense":{}}',
      '{"id":5,"history":{"channel":"by-hand","limit":-1}}',
    ].join('\n'));
    assert.ok((await reply(socket, 1)).connect.client);
    const { subscribe } = await reply(socket, 2);
    assert.ok(subscribe.epoch && subscribe.recoverable && subscribe.positioned);
    const { publish } = await reply(socket, 3);
    assert.ok(publish.offset > 0 && publish.epoch === subscribe.epoch, 'publish says offset and epoch');
    assert.equal((await reply(socket, 4)).error.code, 104);
    const { history } = await reply(socket, 5);
    assert.equal(history.publications.at(-1).offset, publish.offset);
    assert.ok(socket.frames.some((frame) => frame.includes('{ "text" : "spaces stay" }')), 'data is carried byte for byte');
  });

  test('a repeated idempotency key is answered with the first offset, and nothing is stored', async () => {
    const socket = await open('/ws');
    const publish = (id) => `{"id":${id},"publish":{"channel":"once","data":{"text":"x"},"idempotency_key":"k1"}}`;
    socket.send(`{"id":1,"connect":{}}\n${publish(2)}\n${publish(3)}`);
    const [first, second] = [(await reply(socket, 2)).publish, (await reply(socket, 3)).publish];
    assert.deepEqual(first, second);
    socket.send(`${publish(4)}\n{"id":5,"history":{"channel":"once","limit":-1}}`);
    assert.deepEqual((await reply(socket, 4)).publish, first);
    assert.equal((await reply(socket, 5)).history.publications.length, 1);
  });

  test('the first command must be connect', async () => {
    const socket = await open('/ws');
    socket.send('{"id":1,"subscribe":{"channel":"x"}}');
    assert.equal((await closed(socket)).code, 3501);
  });

  test('text that is not JSON closes the connection with 3501, after the lines before it', async () => {
    const socket = await open('/ws');
    socket.send('{"id":1,"connect":{}}\n{"id":2,');
    assert.equal((await closed(socket)).code, 3501);
    assert.ok(lines(socket).some((line) => line.id === 1));
  });

  test('the subprotocol is echoed when offered, and no other', async () => {
    assert.equal((await open('/ws')).protocol, '');
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, ['something', 'centrifuge-json']);
    sockets.push(socket);
    await once(socket, 'open');
    assert.equal(socket.protocol, 'centrifuge-json');
  });

  test('a room has members with and without compression', async () => {
    const text = 'long '.repeat(2000);
    const members = [await open('/ws', { perMessageDeflate: true }), await open('/ws', { perMessageDeflate: false })];
    assert.match(members[0].extensions, /permessage-deflate/);
    for (const socket of members) {
      socket.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"mixed"}}');
      await reply(socket, 2);
    }
    members[0].send(`{"id":3,"publish":{"channel":"mixed","data":{"text":"${text}"}}}`);
    for (const socket of members) {
      for (;;) {
        const push = lines(socket).find((line) => line.push?.pub);
        if (push) {
          assert.equal(push.push.pub.data.text, text);
          break;
        }
        await once(socket, 'frame', { signal: AbortSignal.timeout(patience) });
      }
    }
  });
});

describe('/echo', () => {
  for (const perMessageDeflate of [false, true]) {
    test(`returns every message, deflate ${perMessageDeflate}`, async () => {
      const socket = await open('/echo', { perMessageDeflate: perMessageDeflate && { threshold: 0 } });
      const sizes = [0, 1, 125, 126, 127, 65535, 65536, 100_000, 1 << 20];
      for (const size of sizes) socket.send('é'.repeat(size / 2) + 'x'.repeat(size % 2));
      for (const size of sizes) socket.send(Buffer.alloc(size, 7));
      const got = await frames(socket, 2 * sizes.length);
      assert.deepEqual(got.map((frame) => Buffer.byteLength(frame)), [...sizes, ...sizes]);
      assert.ok(typeof got[0] === 'string' && Buffer.isBuffer(got.at(-1)) && got.at(-1).every((byte) => byte === 7));
    });
  }

  test('accepts 16 MiB and not a byte more', async () => {
    const socket = await open('/echo', { perMessageDeflate: false, maxPayload: 32 << 20 });
    socket.send(Buffer.alloc(16 << 20, 1));
    assert.equal((await frames(socket, 1))[0].length, 16 << 20);
    socket.send(Buffer.alloc((16 << 20) + 1, 1));
    assert.equal((await closed(socket)).code, 1009);
  });

  test('joins fragments and answers pings between them', async () => {
    const socket = await open('/echo', { perMessageDeflate: false });
    const pong = once(socket, 'pong', { signal: AbortSignal.timeout(patience) });
    socket.send('one ', { fin: false });
    socket.ping('in between');
    socket.send('two ', { fin: false });
    socket.send('three', { fin: true });
    assert.equal((await pong)[0].toString(), 'in between');
    assert.equal((await frames(socket, 1))[0], 'one two three');
  });

  test('answers the close handshake with the same code', async () => {
    const socket = await open('/echo');
    socket.close(4123, 'bye');
    assert.equal((await closed(socket)).code, 4123);
  });
});

test('garbage on one connection does not affect others', async () => {
  const healthy = await open('/echo');
  for (const garbage of ['\x16\x03\x01\x02\x00\x01\x00', 'PRI * HTTP/2.0\r\n\r\n', 'GET /ws HTTP/1.1\nHost: x\n\n', '\0\0\0\0', 'x'.repeat(100_000)]) {
    const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
    socket.write(garbage, 'latin1');
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(patience) });
  }
  healthy.send('still here');
  assert.equal((await frames(healthy, 1))[0], 'still here');
});
