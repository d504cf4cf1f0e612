// The JavaScript example of the README, with another address.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startThrong } from './server.mjs';

let server;

before(async () => { server = await startThrong(); });
after(() => server?.stop());

test('the example of the README prints its own message', { timeout: 30_000 }, async () => {
  const page = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, example] = page.match(/```js\n([^]*?)```/);
  const address = 'ws://localhost:8080/connection/websocket';
  assert.ok(example.includes(address));
  let program = example.replace(address, server.ws);
  if (typeof WebSocket === 'undefined') program = program.replaceAll(/^( *)\/\/ (.*) \/\/ Node\.js before 22.*$/gm, '$1$2');

  const file = new URL(`readme-${process.pid}.mjs`, import.meta.url); // here, where its imports are found
  await writeFile(file, program);
  const child = spawn(process.execPath, [fileURLToPath(file)], { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    let said = '';
    child.stderr.on('data', (chunk) => { said += chunk; });
    const ended = once(child, 'exit').then(() => assert.fail(`the example ended: ${said}`));
    const printed = (async () => {
      for await (const chunk of child.stdout) {
        said += chunk;
        if (said.includes('Ana hello')) return;
      }
    })();
    await Promise.race([printed, ended]);
  } finally {
    child.kill('SIGKILL');
    await rm(file, { force: true });
  }
});
