// Two parts of the page that need neither a browser nor a server: the order of messages, and the queue
// of messages that were written and not delivered yet.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

/** A module of the page; none of the two imports another. */
function load(name) {
  const source = readFileSync(new URL(`../../internal/web/static/${name}`, import.meta.url));
  return import(`data:text/javascript;base64,${source.toString('base64')}`);
}

const { Timeline } = await load('timeline.js');
const { Outbox } = await load('outbox.js');

const message = (offset, extra) => ({ kind: 'message', offset, text: `m${offset}`, id: '', ...extra });
const texts = (timeline) => timeline.items.map((item) => item.text);

describe('timeline', () => {
  test('puts any mixture of pages, pushes and repeats in order, once', () => {
    let seed = 1;
    const random = (n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let round = 0; round < 300; round++) {
      const offsets = Array.from({ length: 40 }, (_, i) => i * 3 + 1); // they rise with gaps
      const timeline = new Timeline();
      for (let i = 0; i < 30; i++) {
        const from = random(40);
        timeline.merge(offsets.slice(from, from + 1 + random(10)).map((offset) => message(offset)));
      }
      timeline.merge(offsets.map((offset) => message(offset)));
      assert.deepEqual(texts(timeline), offsets.map((offset) => `m${offset}`));
    }
  });

  test('keeps a notice at the place where it was added', () => {
    const timeline = new Timeline();
    timeline.merge([message(5)]);
    timeline.note('lost', 'lost');
    timeline.merge([message(9), message(7)]);
    timeline.merge([message(2)]);
    assert.deepEqual(texts(timeline), ['m2', 'm5', 'lost', 'm7', 'm9']);
  });

  test('keeps shown messages above those of a new history', () => {
    const timeline = new Timeline();
    timeline.merge([message(70), message(80)]);
    timeline.startOver();
    assert.deepEqual(timeline.merge([message(1), message(70)]).length, 2);
    timeline.note('warn', 'reloaded');
    assert.equal(timeline.oldest.offset, 1);
    assert.deepEqual(texts(timeline), ['m70', 'm80', 'm1', 'm70', 'reloaded']);
  });

  test('shows a message that was sent twice once, and a different message with the same id too', () => {
    const timeline = new Timeline();
    timeline.merge([message(1, { id: 'a', text: 'hi' })]);
    assert.equal(timeline.merge([message(2, { id: 'a', text: 'hi' })]).length, 0);
    assert.equal(timeline.merge([message(3, { id: 'a', text: 'somebody else' })]).length, 1);
  });

  test('appends messages without an offset', () => {
    const timeline = new Timeline();
    timeline.merge([message(4), { kind: 'message', text: 'x', id: '' }, { kind: 'message', text: 'x', id: '' }]);
    assert.deepEqual(texts(timeline), ['m4', 'x', 'x']);
  });

  test('drops the oldest messages above its limit', () => {
    const timeline = new Timeline();
    for (let i = 1; i <= 25_000; i++) timeline.merge([message(i)]);
    assert.ok(timeline.items.length <= 11_000);
    assert.equal(timeline.items.at(-1).offset, 25_000);
    assert.equal(timeline.seen.size, timeline.items.length);
  });

  test('drops the keys of dropped messages, also of those without offsets', () => {
    const timeline = new Timeline();
    for (let i = 1; i <= 25_000; i++) timeline.merge([{ kind: 'message', id: `id${i}`, text: 'x' }]);
    timeline.note('warn', 'a note has none');
    assert.ok(timeline.seen.size <= timeline.items.length);
    assert.equal(timeline.merge([{ kind: 'message', id: 'id25000', text: 'x' }]).length, 0);
  });
});

describe('outbox', () => {
  /** An outbox whose publishes are answered by hand. */
  function make() {
    const calls = [];
    const world = { open: true, calls };
    world.outbox = new Outbox({
      publish: (entry) => new Promise((ok, fail) => calls.push({ id: entry.id, ok, fail: (code) => fail({ code, message: 'm' }) })),
      canSend: () => world.open,
      onChange() {},
    });
    world.states = () => world.outbox.entries.map((entry) => `${entry.id} ${entry.state}`);
    return world;
  }
  const turn = () => new Promise(setImmediate);

  test('sends one message after the other, and removes each when the room delivers it', async () => {
    const { outbox, calls, states } = make();
    outbox.add('a', 'A');
    outbox.add('b', 'B');
    assert.deepEqual(states(), ['a sending', 'b waiting']);
    calls[0].ok();
    await turn();
    assert.deepEqual(states(), ['a sent', 'b sending']);
    outbox.confirm('a');
    outbox.confirm('b'); // the echo may come before the answer
    calls[1].ok();
    await turn();
    assert.deepEqual(states(), []);
  });

  test('sends a message in doubt again after a lost connection, unless the room has delivered it', async () => {
    for (const stored of [false, true]) {
      const world = make();
      const { outbox, calls, states } = world;
      outbox.add('a', 'A');
      world.open = false;
      calls[0].fail(11);
      await turn();
      assert.deepEqual(states(), ['a waiting']);
      if (stored) outbox.confirm('a');
      world.open = true;
      outbox.flush();
      assert.equal(calls.length, stored ? 1 : 2);
    }
  });

  test('keeps a refused message, which does not delay the others', async () => {
    const { outbox, calls, states } = make();
    outbox.add('a', 'A');
    outbox.add('b', 'B');
    calls[0].fail(103);
    await turn();
    assert.deepEqual(states(), ['a failed', 'b sending']);
    assert.equal(outbox.entries[0].reason, 'you may not write here');
    calls[1].ok();
    await turn();
    outbox.retry(outbox.entries[0]);
    assert.deepEqual(states(), ['a sending', 'b sent']);
  });

  test('does not send a message again by itself that may be stored', async () => {
    for (const code of [1, 100]) {
      const { outbox, calls, states } = make();
      outbox.add('a', 'A');
      calls[0].fail(code);
      await turn();
      assert.deepEqual(states(), ['a failed']);
      outbox.confirm('a'); // a late echo confirms it
      assert.deepEqual(states(), []);
    }
  });
});
