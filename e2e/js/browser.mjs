// A browser of one's own: nothing is kept, nothing is asked of the network but what the page asks.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { told } from './node.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** How long a test that hangs is let go on, milliseconds. */
const PATIENCE = 480_000;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** A page at `url`. When the test ends, nothing may have gone wrong in it, and nothing have been loaded from elsewhere. */
export async function open(context, url, options = {}) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, headless: true, timeout: PATIENCE });
  context.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  const hosts = new Set();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('dialog', (dialog) => faults.push(`a dialog: ${dialog.message()}`));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.goto(url);
  const expectNothingElse = (allowed) => {
    assert.deepEqual(faults, []);
    assert.deepEqual([...hosts].sort(), allowed.map((it) => new URL(it).host).sort());
  };
  return { page, faults, expectNothingElse };
}

/** Looks again and again until `look` throws nothing: a page shows what it was told a little later. */
export async function eventually(look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Keeps what the page looks like, for people. */
export async function screenshot(page, name) {
  mkdirSync(told.screenshots, { recursive: true });
  await page.screenshot({ path: join(told.screenshots, `${name}.png`), fullPage: true });
}

/** The page at the root of a server whose JSON-RPC is at `url`. */
export const pageOf = (url) => new URL('/threads', url).href;
