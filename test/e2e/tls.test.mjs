// wss and https with peers that are not ours: openssl, curl, node, the JavaScript SDK, Chromium.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { enter, launch } from './page.mjs';
import { startProxy, startThrong } from './server.mjs';

const run = promisify(execFile);
const patience = 20_000;
const dir = mkdtempSync(join(tmpdir(), 'throng-tls-'));
const tls = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
const undo = [];
let server;

/** Writes a self-signed certificate where the server's is. */
function certificate(name) {
  return run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', tls.key, '-out', tls.cert,
  ]);
}

before(async () => {
  await certificate('first');
  server = await startThrong({ tls, args: ['--echo', '--compression'] });
});
afterEach(async () => {
  for (const f of undo.splice(0).reverse()) await f();
});
after(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true });
});

/** openssl s_client with a request on its input; resolves with all it printed once it has ended. */
async function sClient(args, request = '', port = server.port) {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], { timeout: patience });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk; });
  child.stdin.on('error', () => {}); // it may have ended by then
  child.stdin.write(request);
  if (!request) child.stdin.end();
  const [code] = await once(child, 'close');
  return { code, output };
}

const page = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

describe('openssl', () => {
  for (const [flag, protocol] of [['-tls1_2', 'TLSv1.2'], ['-tls1_3', 'TLSv1.3']]) {
    test(`${protocol}: the page is served, over HTTP/1.1`, async () => {
      const { output } = await sClient([flag, '-alpn', 'h2,http/1.1', '-ign_eof'], page);
      assert.match(output, new RegExp(`New, ${protocol}`));
      assert.match(output, /ALPN protocol: http\/1\.1/);
      assert.match(output, /HTTP\/1\.1 200 OK[^]*<!doctype html>/i);
    });

    test(`${protocol}: a session is resumed`, async () => {
      const session = join(dir, `session-${protocol}`);
      const first = await sClient([flag, '-ign_eof', '-sess_out', session], page);
      assert.match(first.output, /New, TLS/);
      const second = await sClient([flag, '-ign_eof', '-sess_in', session], page);
      assert.match(second.output, new RegExp(`Reused, ${protocol}`));
      assert.match(second.output, /HTTP\/1\.1 200 OK/);
    });
  }

  test('TLSv1.2: five sessions one after the other are resumed', async () => {
    const { output } = await sClient(['-tls1_2', '-reconnect']);
    assert.equal(output.match(/^Reused, TLSv1\.2/gm)?.length, 5);
  });

  test('TLSv1.1 is refused with an alert', async () => {
    const { code, output } = await sClient(['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']);
    assert.notEqual(code, 0);
    assert.match(output, /alert protocol version/);
  });

  test('a handshake on a plain port is refused at once', async () => {
    const plain = await startThrong();
    undo.push(() => plain.stop());
    const began = Date.now();
    const { code } = await sClient([], page, plain.port);
    assert.notEqual(code, 0);
    assert.ok(Date.now() - began < 3000, 'it took the header timeout');
  });
});

describe('curl', () => {
  const curl = (...args) => run('curl', ['--silent', '--show-error', '--max-time', '20', '--cacert', tls.cert, ...args]);

  for (const version of ['1.2', '1.3']) {
    test(`TLS ${version}: the page and its headers, the certificate verified`, async () => {
      const url = `https://localhost:${server.port}/`;
      const { stdout } = await curl('--include', `--tlsv${version}`, '--tls-max', version, '--resolve', `localhost:${server.port}:127.0.0.1`, url);
      assert.match(stdout, /^HTTP\/1\.1 200/);
      assert.match(stdout, /^Content-Security-Policy: default-src 'none'/im);
      assert.match(stdout, /<!doctype html>/i);
    });
  }

  test('plain HTTP on the TLS port gets an explanation', async () => {
    const { stdout } = await curl('--include', `http://127.0.0.1:${server.port}/`);
    assert.match(stdout, /^HTTP\/1\.1 400[^]*this port speaks TLS: use https:\/\/ or wss:\/\//);
  });

  test('a large file is served whole', async () => {
    const { stdout: html } = await curl(server.url);
    const [, asset] = html.match(/src="([^"]*centrifuge[^"]*)"/) ?? html.match(/src="([^"]+\.js)"/);
    const { stdout } = await curl('--output', '/dev/null', '--write-out', '%{http_code} %{size_download} %header{content-length}', new URL(asset, server.url).href);
    const [code, got, want] = stdout.split(' ');
    assert.deepEqual([code, got], ['200', want]);
  });
});

/** What the SDK opens: it has no option for a self-signed certificate. */
class Trusting extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { rejectUnauthorized: false });
  }
}

const until = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

async function person(name, url = server.ws) {
  const client = new Centrifuge(url, { websocket: Trusting, data: { name }, minReconnectDelay: 20, maxReconnectDelay: 200 });
  undo.push(() => client.disconnect());
  const sub = client.newSubscription('tls');
  const got = [];
  sub.on('publication', (p) => { got.push(p.data); sub.emit('got'); });
  sub.subscribe();
  client.connect();
  await sub.ready(patience);
  const has = async (n) => { while (got.length < n) await until(sub, 'got'); };
  return { client, sub, got, has };
}

describe('node', () => {
  test('echo over wss, every size of frame', async () => {
    const socket = new Trusting(`wss://127.0.0.1:${server.port}/echo`);
    undo.push(() => socket.terminate());
    await once(socket, 'open');
    for (const size of [0, 1, 125, 126, 16_383, 16_384, 16_385, 65_535, 65_536]) {
      const sent = Buffer.alloc(size, 'throng ');
      socket.send(sent);
      const [back] = await once(socket, 'message');
      assert.ok(sent.equals(back), `${size} bytes`);
    }
  });

  test('a drain closes with 3001', async () => {
    const own = await startThrong({ tls });
    const socket = new Trusting(own.ws);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await own.stop();
    assert.equal((await closed)[0], 3001);
  });
});

describe('the SDK', () => {
  test('two users receive many messages in order', async () => {
    const [ana, bo] = [await person('Ana'), await person('Bo')];
    const sent = Array.from({ length: 500 }, (_, n) => ({ n }));
    await Promise.all(sent.map((data) => ana.sub.publish(data)));
    await Promise.all([ana.has(500), bo.has(500)]);
    assert.deepEqual(bo.got, sent);
    assert.deepEqual(ana.got, sent);
  });

  test('a broken connection recovers every message', async () => {
    const proxy = await startProxy(server.port, 'wss');
    undo.push(() => proxy.stop());
    const [ana, bo] = [await person('Ana'), await person('Bo', proxy.ws)];
    await ana.sub.publish({ n: 0 });
    await bo.has(1);
    const lost = until(bo.client, 'connecting');
    proxy.cut();
    await lost;
    for (let n = 1; n <= 20; n++) await ana.sub.publish({ n });
    proxy.mend();
    await bo.has(21);
    assert.deepEqual(bo.got.map(({ n }) => n), Array.from({ length: 21 }, (_, n) => n));
  });

  test('a new certificate is used for new connections, and open ones stay', async () => {
    const { client, sub, has } = await person('Ana');
    let lost = 0;
    client.on('connecting', () => lost++);
    const subject = async () => (await sClient(['-ign_eof'], page)).output.match(/subject=CN ?= ?(\S+)/)[1];
    assert.equal(await subject(), 'first');
    await certificate('second');
    for (const end = Date.now() + patience; (await subject()) !== 'second';) {
      assert.ok(Date.now() < end, `the certificate is not taken over\n${server.log()}`);
      await new Promise((again) => setTimeout(again, 200));
    }
    await sub.publish({ text: 'still here' });
    await has(1);
    assert.equal(lost, 0);
    assert.doesNotMatch(server.log(), /PRIVATE/);
    assert.ok(!server.log().includes(readFileSync(tls.key, 'utf8').split('\n')[1]));
  });
});

describe('Chromium', () => {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser?.close());

  test('two users on the https page', async () => {
    const inside = { room: 'chromium', ignoreHTTPSErrors: true };
    const ana = await enter(browser, server.url, 'Ana', inside);
    const bo = await enter(browser, server.url, 'Bo', inside);
    await ana.say('over TLS');
    await bo.hears('over TLS');
    await bo.say('I see');
    await ana.hears('I see');
    assert.equal(await ana.page.evaluate(() => `${location.protocol} ${isSecureContext}`), 'https: true');
    ana.assertQuiet();
    bo.assertQuiet();
  });
});
