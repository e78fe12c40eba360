// The node's thread transactions, newest first, grouped by submitter.

import { card, chip, h } from './dom.js';
import { bytes, count, felt, micros, plural, strk, time } from './format.js';
import { details } from './details.js';

const PAGE = 20;
/** How many answers without a thread are followed by another question, before a person has to ask. */
const EMPTY_PAGES = 4;

const place = (thread) => [thread.block_number, thread.transaction_index];
const isBefore = ([block, index], [otherBlock, otherIndex]) =>
  block < otherBlock || (block === otherBlock && index < otherIndex);

export class ThreadList {
  #rpc;
  #entries = new Map();
  #groups = new Map();
  #next = null;
  #elements;

  constructor(rpc, elements) {
    this.#rpc = rpc;
    this.#elements = elements;
    elements.older.addEventListener('click', () => elements.attempt(() => this.older()));
  }

  /** Brings the list up to date: asks until it meets what it knows. */
  async refresh() {
    const known = new Set(this.#entries.keys());
    const fresh = [];
    let [page, next] = await this.#page(null);
    fresh.push(...page);
    while (next && known.size && !page.some((it) => known.has(it.transaction_hash)) && page.length) {
      [page, next] = await this.#page(next);
      fresh.push(...page);
    }
    // What lies in the same range and is not listed any more was reverted.
    const end = next && [next.block_number, next.transaction_index];
    const seen = new Set(fresh.map((it) => it.transaction_hash));
    for (const [hash, { thread }] of this.#entries) {
      if (!seen.has(hash) && (!end || !isBefore(place(thread), end))) this.#entries.delete(hash);
    }
    if (!known.size || !this.#entries.size) this.#next = next;
    this.#take(fresh);
    if (!this.#entries.size) await this.#search();
    this.#show();
  }

  /** Adds the threads before the oldest one. */
  async older() {
    if (!this.#next) return;
    const before = this.#entries.size;
    const [page, next] = await this.#page(this.#next);
    this.#next = next;
    this.#take(page);
    if (this.#entries.size === before) await this.#search();
    this.#show();
  }

  /** Goes back through blocks that hold no thread. */
  async #search() {
    for (let tries = 0; tries < EMPTY_PAGES && this.#next; tries += 1) {
      const [page, next] = await this.#page(this.#next);
      this.#next = next;
      this.#take(page);
      if (page.length) return;
    }
  }

  async #page(before) {
    const params = before ? { limit: PAGE, before } : { limit: PAGE };
    const { threads, next } = await this.#rpc.call('zkthread_listThreads', params);
    return [threads, next];
  }

  #take(threads) {
    for (const thread of threads) {
      const entry = this.#entries.get(thread.transaction_hash);
      if (entry) entry.update(thread);
      else this.#entries.set(thread.transaction_hash, new Entry(this.#rpc, thread));
    }
  }

  #show() {
    const entries = [...this.#entries.values()].sort((a, b) => (isBefore(place(a.thread), place(b.thread)) ? 1 : -1));
    const { totals, threads, older } = this.#elements;
    totals.replaceChildren(...summary(entries.map((entry) => entry.thread)));
    const groups = new Map();
    for (const entry of entries) {
      const { submitter } = entry.thread;
      const group = groups.get(submitter) ?? this.#groups.get(submitter) ?? new Group(submitter);
      if (!groups.has(submitter)) group.entries = [];
      groups.set(submitter, group);
      group.entries.push(entry);
    }
    this.#groups = groups;
    for (const group of groups.values()) group.show();
    const where = this.#next ? 'in the newest blocks' : 'on this chain yet';
    const nothing = h('p', { class: 'empty' }, `No thread transaction ${where}.`);
    arrange(threads, groups.size ? [...groups.values()].map((group) => group.element) : [nothing]);
    older.hidden = !this.#next;
  }
}

/** Sets the children of `parent`, and touches nothing if they are there: what a person selected stays selected. */
function arrange(parent, children) {
  const same = children.length === parent.children.length && children.every((it, index) => it === parent.children[index]);
  if (!same) parent.replaceChildren(...children);
}

function summary(threads) {
  const settled = threads.filter((it) => it.settled_segments > 0);
  const inner = settled.reduce((sum, it) => sum + it.inner_transactions, 0);
  const verified = threads.map((it) => it.verify_micros).filter((it) => it !== null).sort((a, b) => a - b);
  const conflicting = threads.filter((it) => it.conflicts.length).length;
  return [
    card('Threads listed', count(threads.length)),
    card('Settled', count(settled.length)),
    card('Inner transactions', count(inner), 'settled'),
    card('Conflicts', count(conflicting), conflicting === 1 ? 'thread' : 'threads'),
    card('Proof verified in', micros(verified[Math.floor(verified.length / 2)]), 'median'),
  ];
}

/** The threads of one submitter. */
class Group {
  entries = [];

  constructor(submitter) {
    this.size = h('small');
    this.rows = h('div', { class: 'rows' });
    this.element = h('section', { class: 'group' }, h('h3', null, 'Submitter ', felt(submitter), this.size), this.rows);
  }

  show() {
    this.size.textContent = plural(this.entries.length, 'thread');
    arrange(this.rows, this.entries.map((entry) => entry.element));
  }
}

/** A thread transaction in the list. Opened, it shows all about it. */
class Entry {
  #rpc;
  #shown = '';
  #loaded = '';

  constructor(rpc, thread) {
    this.#rpc = rpc;
    this.summary = h('summary');
    this.body = h('div', { class: 'body' });
    this.element = h('details', { class: 'thread', toggle: () => this.#load() }, this.summary, this.body);
    this.update(thread);
  }

  update(thread) {
    this.thread = thread;
    const now = JSON.stringify(thread);
    if (now === this.#shown) return;
    this.#shown = now;
    this.element.dataset.status = thread.status;
    this.summary.replaceChildren(...row(thread));
    this.#load();
  }

  async #load() {
    if (!this.element.open || this.#loaded === this.#shown) return;
    this.#loaded = this.#shown;
    try {
      const params = { transaction_hash: this.thread.transaction_hash };
      this.body.replaceChildren(details(await this.#rpc.call('zkthread_getThread', params)));
    } catch (error) {
      this.#loaded = '';
      this.body.replaceChildren(h('p', { class: 'trouble' }, error.message));
    }
  }
}

/** A little square per segment: full if it settled. */
const segments = ({ segments: all, settled_segments: settled }) =>
  h('span', { class: 'segments', title: `${settled} of ${plural(all, 'segment')} settled` },
    Array.from({ length: all }, (_, index) => h('i', { 'data-settled': index < settled })));

/** What went wrong, in a word or two. */
function fault({ conflicts, error }) {
  if (conflicts.length) return plural(conflicts.length, 'conflict');
  return error ? error.kind.toLowerCase().replaceAll('_', ' ') : '';
}

const row = (thread) => [
  felt(thread.transaction_hash),
  h('span', null, chip(thread.status)),
  segments(thread),
  h('span', { class: 'size' }, plural(thread.inner_transactions, 'inner transaction')),
  h('span', null, `block ${count(thread.block_number)}${thread.block_hash ? '' : ' (open)'}`),
  h('span', { title: 'time of the block' }, time(thread.timestamp)),
  h('span', { title: 'proofs' }, bytes(thread.proof_bytes)),
  h('span', { title: 'fee' }, strk(thread.actual_fee.amount)),
  h('span', { class: 'bad' }, fault(thread)),
];
