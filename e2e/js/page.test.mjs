// The page /threads in a real browser, in front of a chain with a settled thread, one that conflicted, and one that
// carries hostile text.

import assert from 'node:assert/strict';
import test from 'node:test';
import { open, pageOf, screenshot } from './browser.mjs';
import { provider, succeeds, told, transfer, user } from './node.mjs';

const rpc = (method, params) => provider.channel.fetchEndpoint(method, params);
const threads = async () => (await rpc('zkthread_listThreads', {})).threads;
const row = (page, hash) => page.locator('details.thread', { has: page.locator(`summary code[title="${hash}"]`) });

/** The line about the chain, once it is filled: the list comes first. */
async function chainShown(page) {
  const line = page.locator('#chain', { hasText: /^SN_SEPOLIA · block \d+$/ });
  await line.waitFor();
  return line.innerText();
}

test('threads are listed, and a click shows everything about one', async (context) => {
  const { page, expectNothingElse } = await open(context, pageOf(told.url));
  const listed = await threads();
  assert.equal(listed.length, 3);
  await page.locator('details.thread').nth(2).waitFor();
  assert.equal(await page.locator('details.thread').count(), 3);
  assert.equal(await page.locator('section.group').count(), 2);
  await chainShown(page);
  await page.locator('#link[data-state=live]').waitFor();

  const settled = listed.find((it) => it.status === 'SETTLED');
  const shown = row(page, settled.transaction_hash);
  assert.match(await shown.innerText(), /settled\s+12 inner transactions\s+block \d+/);
  await shown.locator('summary').click();
  await shown.locator('.details').waitFor();
  const details = await shown.locator('.details').innerText();
  const full = await rpc('zkthread_getThread', { transaction_hash: settled.transaction_hash });
  for (const fact of [full.os_program_hash, full.package_digest, full.submitter, full.transaction_hash]) {
    assert.ok(details.includes(fact), fact);
  }
  const tables = shown.locator('.segment table');
  assert.equal(await tables.nth(0).locator('tbody tr').count(), 12);
  const { contracts } = full.segments[0].statement;
  const writes = contracts.flatMap((it) => [
    ...(it.nonce_before === it.nonce_after ? [] : [it]),
    ...it.storage.filter(({ before, after }) => before !== after),
  ]);
  assert.equal(await shown.locator('table.diff tbody tr').count(), writes.length);
  const read = contracts.reduce((sum, it) => sum + 2 + it.storage.length, 0);
  assert.ok(details.includes(`${read} values`), details);
  await screenshot(page, 'threads');
  expectNothingElse([told.url]);
});

test('a conflict is shown with its keys', async (context) => {
  const { page } = await open(context, pageOf(told.url));
  const conflicting = (await threads()).find((it) => it.conflicts.length);
  const shown = row(page, conflicting.transaction_hash);
  await shown.locator('summary').click();
  const rows = shown.locator('table.conflicts tbody tr');
  await rows.first().waitFor();
  assert.equal(await rows.count(), conflicting.conflicts.length);
  for (const [index, conflict] of conflicting.conflicts.entries()) {
    const text = await rows.nth(index).innerText();
    for (const part of [conflict.contract, conflict.key ?? 'nonce', conflict.expected, conflict.found]) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
  }
  await screenshot(page, 'conflict');
});

test('what a stranger wrote stays text', async (context) => {
  const { page, faults } = await open(context, pageOf(told.url));
  const hostile = (await threads()).find((it) => it.status === 'REVERTED' && !it.conflicts.length);
  const shown = row(page, hostile.transaction_hash);
  await shown.locator('summary').click();
  await shown.locator('.reason').waitFor();
  const { inner_transactions: [first] } = await rpc('zkthread_getThread', { transaction_hash: hostile.transaction_hash });
  assert.match(first.revert_reason, /<img src=x onerror=.*<script>/s);
  assert.equal(await shown.locator('.reason').innerText(), first.revert_reason);
  assert.equal(await page.locator('.details img, .details script').count(), 0);
  assert.equal(await page.evaluate(() => window.taken), undefined);
  assert.deepEqual(faults, []);
});

test('it is live, and says when it cannot be', async (context) => {
  const { page } = await open(context, pageOf(told.url));
  await page.locator('#link[data-state=live]').waitFor();
  const before = await chainShown(page);
  await succeeds(await user.execute(transfer('0x77', 1n)));
  await page.waitForFunction((old) => document.getElementById('chain').textContent !== old, before);

  // Without a WebSocket it asks every now and then.
  const offline = await open(context, 'about:blank');
  await offline.page.routeWebSocket(/.*/, (socket) => socket.close());
  await offline.page.goto(pageOf(told.url));
  await offline.page.locator('#link[data-state=poll]').waitFor();
  const block = await chainShown(offline.page);
  await succeeds(await user.execute(transfer('0x77', 1n)));
  await offline.page.waitForFunction((old) => document.getElementById('chain').textContent !== old, block);

  // When the node does not answer, the page says so.
  await page.route('**/*', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await succeeds(await user.execute(transfer('0x77', 1n)));
  await page.locator('#trouble', { hasText: 'does not answer' }).waitFor();
});

test('an address that is none, or no thread’s, is an error on the page', async (context) => {
  const { page } = await open(context, `${pageOf(told.url)}?thread=javascript:alert(1)`);
  const trouble = page.locator('#trouble');
  await trouble.filter({ hasText: 'is not the address of a thread' }).waitFor();
  await page.locator('#thread-url').fill(new URL('/', told.url).href);
  await page.locator('#thread-form button').click();
  await trouble.filter({ hasText: 'this is a node, not a thread' }).waitFor();
  assert.ok(page.url().includes('?thread=http'));
  await page.locator('#thread-url').fill('');
  await page.locator('#thread-form button').click();
  await trouble.waitFor({ state: 'hidden' });
});

test('it is readable on a phone, in the dark', async (context) => {
  const phone = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' };
  const { page } = await open(context, pageOf(told.url), phone);
  const first = page.locator('details.thread').first();
  await first.locator('summary').click();
  await first.locator('.details').waitFor();
  const [width, background] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    getComputedStyle(document.body).backgroundColor,
  ]);
  assert.ok(width <= 390, `${width} pixels wide`);
  assert.equal(background, 'rgb(15, 17, 25)');
  await screenshot(page, 'phone');
  await page.locator('#theme').click();
  await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === 'rgb(246, 247, 251)');
});
