// The page in a real browser, with two users.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PHONE, enter, fill, publish, setStage, visit } from './page.mjs';

const stage = setStage();

describe('two people', () => {
  test('receive each other\'s messages once and in order, and see their own messages marked', async () => {
    const inside = { room: stage.room() };
    const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await ana.say('hello', 'is anybody here?');
    await bo.hears('is anybody here?');
    await bo.say('I am');
    await Promise.all([ana.hears('I am'), bo.hears('I am')]);
    for (const person of [ana, bo]) {
      assert.deepEqual(await person.messages(), ['hello', 'is anybody here?', 'I am']);
      person.assertQuiet();
    }
    assert.deepEqual(await ana.page.locator('.mine .bubble').allTextContents(), ['hello', 'is anybody here?']);
    assert.equal(await bo.page.locator('.theirs .name').first().textContent(), 'Ana');
  });

  test('see joins, leaves and the list of members', async () => {
    const inside = { room: stage.room() };
    const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
    await ana.sees('#room-count', 'only you are here');
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await ana.sees('#room-count', '2 here');
    assert.deepEqual(await ana.people(), ['Ana', 'Bo']);
    await bo.sees('#people-list li', 'Ana');
    assert.deepEqual(await bo.people(), ['Ana', 'Bo']);
    await bo.page.close();
    await ana.sees('#room-count', 'only you are here');
    assert.deepEqual(await ana.people(), ['Ana']);
  });

  test('see that the other is typing, until the message arrives', async () => {
    const inside = { room: stage.room() };
    const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await bo.sees('#people-list li', 'Ana');
    await bo.page.locator('#draft').pressSequentially('I think');
    await ana.sees('#typing.on', 'Bo is typing');
    assert.equal(await bo.page.locator('#typing.on').count(), 0, 'nobody sees themselves typing');
    await bo.page.press('#draft', 'Enter');
    await ana.hears('I think');
    await ana.gone('#typing.on');
  });
});

describe('rooms', () => {
  test('show the number of unread messages in the list and in the title, and mark the first one', async () => {
    const [first, second] = [stage.room(), stage.room()];
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: first });
    const bo = await enter(stage.browser, stage.server.url, 'Bo', { room: first });
    await ana.say('read');
    await bo.hears('read');
    await bo.page.fill('#join-name', second);
    await bo.page.press('#join-name', 'Enter');
    await bo.sees('#room-name', second);
    assert.equal(new URL(bo.page.url()).hash, `#${second}`);
    await ana.say('one', 'two');
    await bo.sees('.badge', '2');
    await bo.page.waitForFunction(() => document.title.startsWith('(2)'));
    await bo.page.locator('.room .open', { hasText: first }).click();
    await bo.hears('two');
    await bo.page.waitForFunction(() => !document.title.startsWith('('));
    assert.equal(await bo.page.locator('.divider + .message .bubble').textContent(), 'one');
    bo.assertQuiet();
  });

  test('count messages as read when they have been in view', async () => {
    const [first, second] = [stage.room(), stage.room()];
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: first });
    const bo = await enter(stage.browser, stage.server.url, 'Bo', { room: first });
    await bo.page.fill('#join-name', second);
    await bo.page.press('#join-name', 'Enter');
    await bo.sees('#room-name', second);
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}\nof\nseveral`);
    await ana.say(...lines);
    await bo.sees('.badge', '40');
    await bo.page.locator('.room .open', { hasText: first }).click();
    await bo.page.locator('.divider').waitFor();
    await bo.page.waitForFunction(() => /^\(\d+\)/.test(document.title) && !document.title.startsWith('(40)'));
    const unread = Number((await bo.page.title()).match(/\d+/)[0]);
    assert.ok(unread > 20 && unread < 40, `${unread} of 40 are unread`);
    assert.ok(await bo.page.locator('.divider').evaluate((node) => node.getBoundingClientRect().top < 200));
    await bo.page.locator('#jump').click();
    await bo.page.waitForFunction(() => !document.title.startsWith('('));
    bo.assertQuiet();
  });

  test('are remembered, and a link opens one', async () => {
    const [first, second] = [stage.room(), stage.room()];
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: first });
    await ana.say('before the reload');
    await ana.hears('before the reload');
    await ana.page.goto('about:blank');
    await ana.page.goto(`${stage.server.url}#${second}`);
    await ana.sees('#room-name', second);
    await ana.page.goBack();
    await ana.page.goto('about:blank');
    await ana.page.goto(stage.server.url);
    await ana.page.locator('.room .open', { hasText: first }).click();
    await ana.hears('before the reload');
    assert.equal(await ana.page.locator('.mine .bubble').count(), 1, 'what I said is still mine');
  });

  test('show earlier messages with day and time to a new member', async () => {
    const inside = { room: stage.room() };
    const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
    await ana.say('first', 'second');
    await ana.hears('second');
    const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
    await bo.hears('second');
    assert.deepEqual(await bo.messages(), ['first', 'second']);
    await bo.sees('.day', 'Today');
    const said = await bo.page.locator('.theirs time').first().getAttribute('datetime');
    assert.ok(Math.abs(Date.now() - new Date(said)) < 60_000, `the time of the first message is ${said}`);
  });

  test('with 5,000 messages show the last ones, and older ones on request', async () => {
    const name = stage.room();
    await fill(stage.server, name, 5000);
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: name });
    await ana.hears('message 5000');
    assert.equal((await ana.messages()).length, 200);
    for (const shown of [400, 600]) {
      await ana.page.click('#earlier');
      await ana.page.waitForFunction((n) => document.querySelectorAll('#timeline .message').length === n, shown);
    }
    const messages = await ana.messages();
    assert.deepEqual(messages, Array.from({ length: 600 }, (_, i) => `message ${4401 + i}`));
    ana.assertQuiet();
  });

  test('with messages that do not fit into one reply of the server show the same number', async () => {
    const name = stage.room();
    const texts = Array.from({ length: 300 }, (_, i) => ({ text: `${'long '.repeat(400)}${i + 1}` }));
    while (texts.length > 0) await publish(stage.server, name, texts.splice(0, 20)); // in frames below 64 KiB
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: name });
    await ana.page.waitForFunction(() => document.querySelectorAll('#timeline .message').length === 200);
    await ana.page.click('#earlier');
    await ana.page.waitForFunction(() => document.querySelectorAll('#timeline .message').length === 300);
    assert.match((await ana.messages())[0], / 1$/);
    ana.assertQuiet();
  });
});

describe('hostile text', () => {
  const markup = '<img src=x onerror="document.title=1"><script>document.title=1</script>';

  test('is shown as text in messages, names and rooms', async () => {
    const name = `${stage.room()}<b>x`;
    const ana = await enter(stage.browser, stage.server.url, '<i onclick=x>Ana', { room: name });
    const bo = await enter(stage.browser, stage.server.url, 'Bo', { room: name });
    await ana.page.locator('#draft').pressSequentially('<b>');
    await bo.sees('#typing.on', '<i onclick=x>Ana is typing');
    await ana.say(markup);
    await bo.hears(markup);
    await bo.sees('.theirs .name', '<i onclick=x>Ana');
    assert.equal(await bo.page.locator(':is(#timeline, #people, #rooms, #typing, .bar) :is(b, i:empty[onclick], script)').count(), 0);
    assert.equal(await bo.page.locator('#timeline img').count(), 0);
    bo.assertQuiet();
  });

  test('becomes a link only if it is an http address', async () => {
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: stage.room() });
    await ana.say('see https://example.org/a_(b)?c=d, javascript:alert(1) and (http://x.example/y).');
    await ana.sees('.bubble a', 'example.org');
    const links = await ana.page.locator('.bubble a').evaluateAll((all) => all.map((a) => [a.href, a.rel]));
    assert.deepEqual(
      links.map(([href]) => href),
      ['https://example.org/a_(b)?c=d', 'http://x.example/y'],
    );
    assert.ok(links.every(([, rel]) => rel.includes('noopener') && rel.includes('noreferrer')));
  });

  test('of any shape does not stop the page', async () => {
    const name = stage.room();
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { room: name });
    const odd = [0, false, 'just a string', [], { text: 7 }, { text: '', id: {} }, { text: 'x'.repeat(20_000) }, { text: 'fine' }];
    await publish(stage.server, name, odd);
    await ana.hears('fine');
    assert.ok((await ana.messages()).length >= 6);
    const wide = await ana.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, 'a long word does not push the page apart');
    ana.assertQuiet();
  });
});

test('a new user must enter a name first', async () => {
  const ana = await visit(stage.browser, stage.server.url);
  await ana.sees('#name-dialog', 'What should people call you?');
  for (const key of ['Escape', 'Escape', 'Enter', '/', 'Escape']) await ana.page.keyboard.press(key);
  assert.ok(await ana.page.locator('#name-dialog').isVisible());
  assert.equal(await ana.page.locator('#draft').isVisible(), false);
  await ana.page.fill('#name', '  Ana   Maria ');
  await ana.page.keyboard.press('Enter');
  await ana.sees('#me-name', 'Ana Maria');
  await ana.page.reload();
  await ana.sees('#me-name', 'Ana Maria');
  assert.equal(await ana.page.locator('#name-dialog').isVisible(), false);
});

test('a second tab of the same user marks the same messages as their own', async () => {
  const room = stage.room();
  const ana = await enter(stage.browser, stage.server.url, 'Ana', { room });
  const tab = await ana.page.context().newPage();
  await tab.goto(ana.page.url());
  await tab.waitForFunction(() => /here/.test(document.querySelector('#room-count').textContent));
  await ana.say('from the first tab');
  await tab.locator('.message.mine .bubble', { hasText: 'from the first tab' }).waitFor();
  await tab.fill('#draft', 'from the second tab');
  await tab.press('#draft', 'Enter');
  await ana.page.locator('.message.mine .bubble', { hasText: 'from the second tab' }).waitFor();
  assert.equal(await ana.page.locator('.message.theirs').count(), 0);
  assert.equal(await tab.locator('.message.theirs').count(), 0);
});

test('a line that begins with / is a command and is not sent', async () => {
  const [room, other] = [stage.room(), stage.room()];
  const ana = await enter(stage.browser, stage.server.url, 'Ana', { room });
  const bo = await enter(stage.browser, stage.server.url, 'Bo', { room });
  await ana.say('/help');
  await ana.sees('.note.told', '/join ROOM');
  await ana.say('/nosuch thing');
  await ana.sees('.note.told', 'There is no command /nosuch');
  await ana.say('//slash', 'last');
  await bo.hears('last');
  assert.deepEqual(await bo.messages(), ['/slash', 'last']);
  await ana.say('/name Eve', `/join ${other}`);
  await ana.sees('#room-name', other);
  await ana.sees('#me-name', 'Eve');
  ana.assertQuiet();
});

test('the others see a new name', async () => {
  const inside = { room: stage.room() };
  const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
  const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
  await bo.sees('#people-list li', 'Ana');
  await ana.page.click('#me');
  await ana.page.fill('#name', 'Anna');
  await ana.page.keyboard.press('Enter');
  await bo.sees('#people-list li', 'Anna');
  await ana.say('it is me');
  await bo.sees('.theirs .name', 'Anna');
  assert.equal(await ana.page.locator('.note').count(), 0, 'a rename is no lost connection');
});

test('the page can be used with the keyboard only', async () => {
  const name = stage.room();
  const ana = await visit(stage.browser, stage.server.url);
  const { keyboard } = ana.page;
  const focused = () => ana.page.evaluate(() => document.activeElement.id);
  await keyboard.type('Ana');
  await keyboard.press('Enter');
  await ana.sees('#connection', 'Connected');
  assert.equal(await focused(), 'draft');

  await keyboard.press('Control+k');
  await keyboard.type(name);
  await keyboard.press('Enter');
  await ana.sees('#room-name', name);
  assert.equal(await focused(), 'draft', 'one can write at once');
  await keyboard.type('first line');
  await keyboard.press('Shift+Enter');
  await keyboard.type('second line');
  await keyboard.press('Enter');
  await ana.hears('first line\nsecond line');

  await keyboard.press('Alt+ArrowUp');
  await ana.sees('#room-name', 'lobby');
  await keyboard.press('Tab'); // away from the text, where "/" is a letter
  await keyboard.press('Tab');
  await keyboard.press('/');
  assert.equal(await focused(), 'switcher-input');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await ana.sees('#room-name', name);
  await keyboard.press('Control+k');
  await keyboard.press('Escape');
  assert.equal(await ana.page.locator('#switcher').isVisible(), false);
  ana.assertQuiet();
});

test('on a phone rooms and members are in drawers, and nothing is wider than the screen', async () => {
  const name = stage.room();
  const ana = await enter(stage.browser, stage.server.url, 'Ana', { ...PHONE, room: name });
  const isInside = () =>
    ana.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && scrollX === 0);
  await ana.say('w'.repeat(300));
  await ana.hears('w'.repeat(300));
  assert.ok(await isInside());
  assert.equal(await ana.page.locator('#rooms').isVisible(), false);

  await ana.page.tap('[data-drawer=rooms]');
  await ana.sees('#rooms .open', name);
  await ana.page.keyboard.press('Escape');
  await ana.gone('#rooms');
  await ana.page.tap('[data-drawer=people]');
  await ana.sees('#people-list li', 'Ana');
  await ana.page.touchscreen.tap(20, 400);
  await ana.gone('#people');

  await ana.page.tap('[data-drawer=rooms]');
  await ana.page.fill('#join-name', `${name}-b`);
  await ana.page.tap('#join-form button');
  await ana.sees('#room-name', `${name}-b`);
  await ana.gone('#rooms');
  assert.ok(await isInside());
  const size = await ana.page.locator('#draft').evaluate((draft) => parseFloat(getComputedStyle(draft).fontSize));
  assert.ok(size >= 16, 'a phone zooms into smaller fields');
  ana.assertQuiet();
});

test('a long room name does not push the send button off the screen of a phone', async () => {
  for (const room of ['x'.repeat(28), 'W'.repeat(200)]) {
    const ana = await enter(stage.browser, stage.server.url, 'Ana', { ...PHONE, room });
    const send = await ana.page.locator('#send').boundingBox();
    assert.ok(send.x + send.width <= 390, `${room.length} letters: the button ends at ${send.x + send.width}`);
    assert.equal(await ana.page.evaluate(() => document.documentElement.scrollWidth), 390);
    await ana.page.context().close();
  }
});

test('messages of others are announced to screen readers', async () => {
  const inside = { room: stage.room() };
  const ana = await enter(stage.browser, stage.server.url, 'Ana', inside);
  const bo = await enter(stage.browser, stage.server.url, 'Bo', inside);
  await bo.say('listen');
  await ana.sees('#announcer', 'Bo: listen');
});
