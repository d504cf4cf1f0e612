// permessage-deflate (RFC 7692) with other clients: npm ws, python3-websockets, Chromium. The tests of package netpoll use
// coder/websocket.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import WebSocket from 'ws';
import { launch } from './page.mjs';
import { startThrong } from './server.mjs';

const run = promisify(execFile);
const patience = 20_000;
const url = () => `ws://127.0.0.1:${server.port}/ws`;
const sockets = [];
let server;

before(async () => { server = await startThrong({ args: ['--compression'] }); });
after(() => server?.stop());
afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));

// Repetition at distances from 1 to 20,000 bytes, so that a window that is too large for the client would show.
const noise = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(97 + (Math.floor((i * i * 7919) / 8) % 26))).join('');
const long = `${'repeat '.repeat(100)}${noise}${'repeat '.repeat(100)}${noise}`;

const conversation = (room) => [
  '{"id":1,"connect":{}}',
  `{"id":2,"subscribe":{"channel":"${room}"}}`,
  `{"id":3,"publish":{"channel":"${room}","data":"${long}"}}`,
];

/** The push among what came, which is cut at newlines. */
const push = (frames) => frames.flatMap((frame) => `${frame}`.split('\n')).map((line) => JSON.parse(line)).find((line) => line.push?.pub);

/** Publishes to a room and reads it there. Resolves with the answer to the offer. */
async function talk(perMessageDeflate) {
  const socket = new WebSocket(url(), { perMessageDeflate });
  sockets.push(socket);
  const frames = [];
  let answer;
  socket.on('upgrade', (response) => { answer = response.headers['sec-websocket-extensions']; });
  socket.on('message', (data) => frames.push(data));
  await once(socket, 'open', { signal: AbortSignal.timeout(patience) });
  conversation(`ws-${sockets.length}`).forEach((line) => socket.send(line));
  while (!push(frames)) await once(socket, 'message', { signal: AbortSignal.timeout(patience) });
  assert.equal(push(frames).push.pub.data, long);
  return answer;
}

describe('npm ws', () => {
  test('negotiates its default parameters', async () => {
    assert.match(await talk(true), /^permessage-deflate; ?server_no_context_takeover; ?client_no_context_takeover$/);
  });
  for (let bits = 8; bits <= 15; bits++) {
    test(`limits the window of the server to ${bits} bits`, async () => {
      assert.match(await talk({ threshold: 0, serverMaxWindowBits: bits }), new RegExp(`server_max_window_bits=${bits}\\b`));
    });
    test(`limits its own window to ${bits} bits`, async () => {
      assert.match(await talk({ threshold: 0, clientMaxWindowBits: bits }), /^permessage-deflate/);
    });
  }
  for (const own of [undefined, true]) {
    for (const other of [undefined, true]) {
      test(`context takeover: ${own} and ${other}`, async () => {
        assert.match(await talk({ threshold: 0, clientNoContextTakeover: own, serverNoContextTakeover: other }), /^permessage-deflate/);
      });
    }
  }
});

const python = `
import asyncio, itertools, json, sys
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

url, *conversation = json.loads(sys.stdin.read())

async def talk(**offer):
    async with websockets.connect(url, extensions=[ClientPerMessageDeflateFactory(**offer)], compression=None) as ws:
        extensions = ws.response_headers if hasattr(ws, "response_headers") else ws.response.headers
        assert "permessage-deflate" in extensions.get("Sec-WebSocket-Extensions", ""), (offer, extensions)
        for line in conversation:
            await ws.send(line)
        while True:
            for line in (await asyncio.wait_for(ws.recv(), 20)).split("\\n"):
                pub = json.loads(line).get("push", {}).get("pub")
                if pub:
                    assert pub["data"] == json.loads(conversation[2])["publish"]["data"], offer
                    return

async def main():
    offers = 0
    for server, client, ours, theirs in itertools.product([None, 8, 9, 12, 15], [None, True, 9, 15], [False, True], [False, True]):
        await talk(server_max_window_bits=server, client_max_window_bits=client, server_no_context_takeover=ours, client_no_context_takeover=theirs)
        offers += 1
    print(offers)

asyncio.run(main())
`;

test('python3-websockets: every combination of parameters', async (t) => {
  const missing = await run('python3', ['-c', 'import websockets']).then(() => undefined, () => true);
  if (missing) return t.skip('as root: apt-get install -y python3-websockets');
  const child = run('python3', ['-c', python], { timeout: 3 * patience });
  child.child.stdin.end(JSON.stringify([url(), ...conversation('python')]));
  assert.equal((await child).stdout.trim(), `${5 * 4 * 2 * 2}`);
});

test('Chromium', async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(server.url);
  const { extensions, data } = await page.evaluate(([to, lines]) => new Promise((resolve, reject) => {
    const socket = new WebSocket(to);
    socket.onopen = () => lines.forEach((line) => socket.send(line));
    socket.onclose = (event) => reject(new Error(`closed with ${event.code}`));
    socket.onmessage = (event) => {
      const pub = event.data.split('\n').map((line) => JSON.parse(line).push?.pub).find(Boolean);
      if (pub) resolve({ extensions: socket.extensions, data: pub.data });
    };
  }), [url(), conversation('chromium')]);
  assert.match(extensions, /^permessage-deflate/);
  assert.equal(data, long);
});
