// The client of starknet-devnet, for the node under test and for others that a test starts with options of its own.

import { Devnet, DevnetProvider } from 'starknet-devnet';
import { accountAt, patient } from './bridge.mjs';
import { told } from './node.mjs';

/** How long a devnet that does not start is waited for, milliseconds. */
const PATIENCE = 480_000;
/** An address of this machine's own that no other process takes. */
const HOST = `127.${64 + (process.pid >>> 16)}.${(process.pid >>> 8) & 255}.${process.pid & 255}`;

/** The node under test. */
export const devnet = new DevnetProvider({ url: new URL(told.url).origin, timeout: PATIENCE });

let port = 5050;

/** What starts `zkthreads devnet` at an address that is free, and waits for it. */
export function atFreeAddress(...args) {
  port += 1;
  const address = ['--host', HOST, '--port', String(port), '--seed', '0', '--genesis-timestamp', '1700000000'];
  return { args: [...args, ...address], stdout: 'ignore', maxStartupMillis: PATIENCE };
}

/** A devnet with these options, ended with the test. Its user is the briefing's. */
export async function start(context, ...options) {
  const running = await Devnet.spawnCommand(told.binary, atFreeAddress('devnet', ...options));
  context.after(() => running.kill());
  const { url } = running.provider;
  const provider = patient(url);
  const user = accountAt(provider, told.user);
  return { devnet: running.provider, ws: `${url.replace('http', 'ws')}/ws`, provider, user };
}
