// The page behind a reverse proxy: below a path prefix, with another Host header, and without WebSockets.

import { describe, test } from 'node:test';
import { enter, setStage, visit } from './page.mjs';
import { startPrefixProxy, startThrong } from './server.mjs';

const stage = setStage();

describe('a proxy in front of the server', () => {
  test('may serve the page below a path prefix', async (t) => {
    const proxy = await startPrefixProxy(stage.server.port, { prefix: '/team/chat/' });
    t.after(() => proxy.stop());
    const inside = { room: stage.room() };
    const ana = await enter(stage.browser, proxy.url, 'Ana', inside);
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await ana.say('from below a prefix');
    await bo.hears('from below a prefix');
    ana.assertQuiet();
  });

  test('that changes the Host header: the page says that its origin is not accepted', async (t) => {
    const server = await startThrong({ args: ['--allowed-origins', 'same-host'] });
    t.after(() => server.stop());
    const proxy = await startPrefixProxy(server.port);
    t.after(() => proxy.stop());
    const ana = await hello(proxy.url);
    await ana.sees('#banner', `The server does not accept pages from ${new URL(proxy.url).origin}`);
    await ana.sees('#connection', 'Not accepted');
  });

  test('that does not forward WebSockets: the page says so', async (t) => {
    const proxy = await startPrefixProxy(stage.server.port, { upgrades: false });
    t.after(() => proxy.stop());
    const ana = await hello(proxy.url);
    await ana.sees('#banner', 'The server answers, but not to a WebSocket');
  });
});

/** Somebody with a name, whose page may not get any further. */
async function hello(url) {
  const person = await visit(stage.browser, url, { room: stage.room() });
  await person.page.fill('#name', 'Ana');
  await person.page.press('#name', 'Enter');
  return person;
}
