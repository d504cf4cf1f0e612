// The page with a lost connection, and with errors of the server.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enter, fill, setStage } from './page.mjs';
import { startProxy, startThrong } from './server.mjs';

const stage = setStage();

describe('a lost connection', () => {
  test('is shown, and missed messages arrive once and in order', async (t) => {
    const inside = { room: stage.room() };
    const proxy = await startProxy(stage.server.port);
    t.after(() => proxy.stop());
    const ana = await enter(stage.browser, proxy.url, 'Ana', inside);
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await ana.say('before');
    await bo.hears('before');

    proxy.cut();
    await ana.sees('.note.lost', 'Connection lost at');
    await ana.sees('#banner', 'trying again');
    await ana.sees('#connection', 'Reconnecting');
    await bo.say('missed 1', 'missed 2', 'missed 3');
    await ana.say('written without a connection');
    await ana.sees('.outgoing .status', 'waiting for the connection');
    await bo.say('missed 4');
    await bo.hears('missed 4');

    proxy.mend();
    await ana.page.click('#reconnect').catch(() => {}); // it may have reconnected by itself
    await ana.sees('.note.back', 'Caught up: 4 missed messages');
    await ana.hears('written without a connection');
    await bo.hears('written without a connection');
    const all = ['before', 'missed 1', 'missed 2', 'missed 3', 'missed 4', 'written without a connection'];
    assert.deepEqual(await ana.messages(), all);
    assert.deepEqual(await bo.messages(), all);
    assert.equal(await ana.page.locator('.outgoing').count(), 0);
    await ana.gone('#banner');
    await ana.sees('#room-count', '2 here');
    ana.assertQuiet({ wasCut: true });
    bo.assertQuiet();
  });

  test('recovers 1,000 missed messages without losing one', async (t) => {
    const name = stage.room();
    const proxy = await startProxy(stage.server.port);
    t.after(() => proxy.stop());
    const ana = await enter(stage.browser, proxy.url, 'Ana', { room: name });
    proxy.cut();
    await ana.sees('.note.lost', 'Connection lost at');
    await fill(stage.server, name, 1000);
    proxy.mend();
    await ana.sees('.note.back', 'Caught up: 1000 missed messages');
    await ana.hears('message 1000');
  });

  test('waits for the network on a device without one', async () => {
    const inside = { room: stage.room() };
    const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await ana.page.context().setOffline(true);
    await ana.sees('#banner', 'You are offline');
    await bo.say('are you there?');
    await bo.hears('are you there?');
    await ana.page.context().setOffline(false);
    await ana.hears('are you there?');
    await ana.sees('.note.back', 'Caught up: 1 missed message');
    ana.assertQuiet({ wasCut: true });
  });

  test('to a server that restarted without history is shown, and the chat goes on', async (t) => {
    const own = await startThrong();
    t.after(() => own.stop());
    const proxy = await startProxy(own.port);
    t.after(() => proxy.stop());
    const ana = await enter(stage.browser, proxy.url, 'Ana', { room: stage.room() });
    await ana.say('before');
    await ana.hears('before');
    proxy.cut();
    await ana.sees('.note.lost', 'Connection lost at');
    await own.stop();
    const again = await startThrong({ port: own.port });
    t.after(() => again.stop());
    proxy.mend();
    await ana.sees('.note.warn', 'The server was restarted and begins a new history');
    await ana.say('after');
    await ana.hears('after');
    assert.deepEqual(await ana.messages(), ['before', 'after']);
  });
});

describe('an error of the server', () => {
  test('for a message: it stays visible with the reason and can be sent again', async () => {
    const inside = { room: stage.room() };
    let refusing = true;
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { ...inside, refuse: ({ publish }) => refusing && publish && 103 });
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await ana.say('let me in');
    await ana.sees('.outgoing .status', 'Not sent: you may not write here');
    refusing = false;
    await ana.page.click('.outgoing .retry >> nth=0');
    await bo.hears('let me in');
    await ana.hears('let me in');
    await ana.gone('.outgoing');
    refusing = true;
    await ana.say('never mind');
    await ana.page.click('.outgoing .retry >> nth=1');
    await ana.gone('.outgoing');
    assert.deepEqual(await ana.messages(), ['let me in']);
  });

  test('that is temporary: the message is sent a little later', async () => {
    let times = 2;
    const refuse = ({ publish }) => publish && times-- > 0 && 111;
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: stage.room(), refuse });
    await ana.say('first', 'second');
    await ana.hears('second');
    assert.deepEqual(await ana.messages(), ['first', 'second']);
  });

  test('for the presence list: the number of members is shown instead', async () => {
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: stage.room(), refuse: ({ presence }) => presence && 106 });
    await ana.sees('#room-count', 'only you are here');
    await ana.sees('#people-note', 'Too many people');
    ana.assertQuiet();
  });

  test('for a room: the reason is shown, and the other rooms stay', async () => {
    const [open, closed] = [stage.room(), stage.room()];
    let refusing = true;
    const refuse = ({ subscribe }) => refusing && subscribe?.channel === closed && 103;
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: open, refuse });
    await ana.page.evaluate((name) => (location.hash = name), closed);
    await ana.sees('#refusal', 'You may not enter this room.');
    refusing = false;
    await ana.page.click('#enter-again');
    await ana.sees('#empty', 'Nothing has been said here yet.');
    await ana.page.locator('.room .open', { hasText: open }).click();
    await ana.say('still here');
    await ana.hears('still here');
  });
});
