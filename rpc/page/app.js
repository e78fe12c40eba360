// The page: what to ask, when, and where to show it.

import { count, shortString } from './format.js';
import { ThreadList } from './list.js';
import { Refused, Rpc } from './rpc.js';
import { status } from './status.js';

const POLL_MS = 2_000;
const STATUS_MS = 1_000;
/** Shortest time between two looks at the list, however fast blocks come. */
const PAUSE_MS = 500;
/** Code of `zkthread_status` where there is no thread. */
const NO_THREAD = 10009;

const element = (id) => document.getElementById(id);
const here = new Rpc(new URL('.', location.href));
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** What is wrong, by what was tried. */
const troubles = new Map();

function trouble(what, error) {
  if (error) troubles.set(what, error.message);
  else troubles.delete(what);
  const shown = element('trouble');
  shown.hidden = !troubles.size;
  shown.textContent = [...troubles.values()].join(' · ');
}

/** Does something that may fail, and says so on the page. */
async function attempt(what, action) {
  try {
    const answer = await action();
    trouble(what, null);
    return answer;
  } catch (error) {
    trouble(what, error);
    return undefined;
  }
}

const list = new ThreadList(here, {
  totals: element('totals'),
  threads: element('threads'),
  older: element('older'),
  attempt: (action) => attempt('older', action),
});

/** Keeps the list up to date: at each new head, or every now and then while none can be heard of. */
async function follow() {
  let [live, isNew, wake] = [false, true, () => {}];
  const changed = () => {
    isNew = true;
    wake();
  };
  here.follow({
    changed,
    heard(hears) {
      live = hears;
      const link = element('link');
      link.dataset.state = hears ? 'live' : 'poll';
      link.textContent = hears ? 'live' : 'polling';
      changed();
    },
  });
  document.addEventListener('visibilitychange', changed);
  for (;;) {
    if (isNew && !document.hidden) {
      isNew = false;
      await attempt('list', async () => {
        await list.refresh();
        const [chain, head] = await Promise.all([
          here.call('starknet_chainId', []),
          here.call('starknet_blockNumber', []),
        ]);
        element('chain').textContent = `${shortString(chain)} · block ${count(head)}`;
      });
      await pause(PAUSE_MS);
    }
    if (!isNew) {
      await new Promise((resolve) => {
        wake = resolve;
        if (!live) setTimeout(resolve, POLL_MS);
      });
      isNew ||= !live;
    } else if (document.hidden) await pause(POLL_MS);
  }
}

/** The thread that is shown now; another one takes its place. */
let watched = null;

async function watch(url) {
  const mine = Symbol(url);
  watched = mine;
  const section = element('status');
  const rpc = new Rpc(url);
  while (watched === mine) {
    if (!document.hidden) {
      const answer = await attempt('status', async () => rpc.call('zkthread_status', []));
      if (watched !== mine) return;
      if (answer) {
        const isOpen = section.querySelector('details')?.open;
        section.replaceChildren(...status(answer, rpc.url.href));
        section.querySelector('details')?.toggleAttribute('open', isOpen ?? false);
      }
      section.hidden = section.childElementCount === 0;
    }
    await pause(STATUS_MS);
  }
}

/** Shows the thread at an address that a person gave. */
function show(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  element('status').replaceChildren();
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    watched = null;
    trouble('status', new Error(`“${text}” is not the address of a thread, such as http://127.0.0.1:5051`));
    return;
  }
  trouble('status', null);
  watch(url);
}

function remember(text) {
  const address = new URL(location.href);
  if (text) address.searchParams.set('thread', text);
  else address.searchParams.delete('thread');
  history.replaceState(null, '', address);
}

element('thread-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = element('thread-url').value.trim();
  remember(text);
  if (text) show(text);
  else {
    watched = null;
    trouble('status', null);
    element('status').replaceChildren();
    element('status').hidden = true;
  }
});
element('thread-form').noValidate = true;

/** Dark, light, or what the system says. */
function theme(name) {
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem('theme', name);
  } catch {
    // Nothing is kept for this page: it is the system's theme next time.
  }
}

element('theme').addEventListener('click', () => {
  const now = document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  theme(now === 'dark' ? 'light' : 'dark');
});

try {
  const kept = localStorage.getItem('theme');
  if (kept) document.documentElement.dataset.theme = kept;
} catch {
  // See above.
}

const asked = new URLSearchParams(location.search).get('thread');
if (asked) {
  element('thread-url').value = asked;
  show(asked);
} else {
  // A thread serves this page, too.
  here.call('zkthread_status', []).then(
    () => watched ?? watch(here.url),
    (error) => {
      if (!(error instanceof Refused && error.code === NO_THREAD)) trouble('status', error);
    },
  );
}
follow();
