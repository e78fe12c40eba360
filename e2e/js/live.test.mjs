// The page /threads beside a thread that is being served.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually, open, pageOf, screenshot } from './browser.mjs';
import { told } from './node.mjs';

async function status() {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'zkthread_status', params: [] });
  const answer = await fetch(told.thread.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (await answer.json()).result;
}

/** That the thread is shown in `page` as it says it is. It goes on meanwhile, and the page asks every now and then. */
const showsTheThread = (page) => eventually(async () => {
  const { base_block: base, sub_blocks: subBlocks } = await status();
  assert.ok(subBlocks.length > 0);
  // What is shown at one moment.
  const [text, shown, bars] = await page.locator('#status').evaluate((section) => [
    section.innerText,
    [...section.querySelectorAll('.sub-block')].map((it) => it.innerText),
    section.querySelectorAll('.sub-block progress').length,
  ]);
  assert.match(text, /Live thread/);
  assert.match(text, new RegExp(`base block ${base.block_number.toLocaleString('en')}\\b`));
  for (const { id } of subBlocks) assert.ok(shown.some((it) => new RegExp(`#${id}\\b`).test(it)), `#${id} in ${text}`);
  assert.equal(bars, shown.length);
});

test('a thread shows itself', async (context) => {
  const { page, expectNothingElse } = await open(context, pageOf(told.thread.url));
  await showsTheThread(page);
  expectNothingElse([told.thread.url]);
});

test('a thread is shown beside its node', async (context) => {
  const address = encodeURIComponent(new URL('/', told.thread.url).href);
  const { page, expectNothingElse } = await open(context, `${pageOf(told.url)}?thread=${address}`);
  await showsTheThread(page);
  await page.locator('#threads').filter({ hasText: /./ }).waitFor();
  await screenshot(page, 'live');
  expectNothingElse([told.url, told.thread.url]);
});
