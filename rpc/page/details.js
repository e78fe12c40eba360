// Everything about one thread transaction.

import { chip, h, table } from './dom.js';
import { bytes, count, felt, micros, plural, shortString, time, whole } from './format.js';

const KINDS = { STORAGE: 'storage', NONCE: 'nonce', CLASS_HASH: 'class hash' };

/** Conflicts: whose cell was read as one value and holds another; for those that a thread met, who wrote that. */
export function conflicts(list) {
  const cell = ({ kind, key }) => [KINDS[kind] ?? kind, key ? [' ', whole(key)] : null];
  const by = (writer) => writer
    ? [felt(writer.transaction_hash), writer.sender_address ? [' of ', felt(writer.sender_address)] : null]
    : '–';
  const isMet = list.some((it) => it.writer !== undefined);
  const rows = list.map((it) => [
    whole(it.contract), cell(it), whole(it.expected), whole(it.found), ...(isMet ? [by(it.writer)] : []),
  ]);
  return table(['Contract', 'Cell', 'Expected', 'Found', ...(isMet ? ['Written by'] : [])], rows, 'conflicts');
}

/** A name and what it is. */
const facts = (pairs) =>
  h('dl', null, pairs.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]));

/** A part that can be folded away. */
const part = (title, note, ...content) =>
  h('section', { class: 'part' }, h('h4', null, title, note && h('small', null, note)), ...content);

function transactions(list, settled) {
  const what = (it) => [
    chip(it.execution_status),
    it.revert_reason ? h('pre', { class: 'reason' }, it.revert_reason) : null,
  ];
  const rows = list.map((it) => [
    felt(it.transaction_hash), felt(it.sender_address), String(BigInt(it.nonce)), what(it),
    count(it.events.length), count(it.messages_sent.length),
  ]);
  return table(['Transaction', 'Sender', 'Nonce', settled ? 'Outcome' : 'Had it settled', 'Events', 'Messages'], rows);
}

/** What a statement changes. */
function writes({ contracts }) {
  const rows = [];
  for (const contract of contracts) {
    const row = (cell, before, after) => rows.push([felt(contract.address), cell, felt(before), '→', felt(after)]);
    if (contract.class_hash_before !== contract.class_hash_after) {
      row('class hash', contract.class_hash_before, contract.class_hash_after);
    }
    if (contract.nonce_before !== contract.nonce_after) row('nonce', contract.nonce_before, contract.nonce_after);
    for (const { key, before, after } of contract.storage) {
      if (before !== after) row(felt(key), before, after);
    }
  }
  return rows;
}

/** What a statement read: class, nonce and cells of each contract. */
const preconditions = ({ contracts }) => contracts.reduce((sum, { storage }) => sum + 2 + storage.length, 0);

function segment({ statement, settled, inner_transactions: size, proof_bytes: proof }, index, all, inner) {
  const changes = writes(statement);
  const base = statement.base_block;
  const title = all > 1 ? `Segment ${index + 1} of ${all}` : 'Sub-block';
  return h('section', { class: 'segment' },
    h('h3', null, `${title} `, chip(settled ? 'SETTLED' : 'NOT_SETTLED')),
    facts([
      ['Base block', `${count(base.block_number)}, ${time(base.timestamp)}`],
      ['Chain', shortString(statement.chain_id)],
      ['Settled by', BigInt(statement.submitter) === 0n ? 'anyone' : whole(statement.submitter)],
      ['Preconditions', plural(preconditions(statement), 'value')],
      ['Classes', plural(statement.classes.length, 'class', 'classes')],
      ['Proof', bytes(proof)],
    ]),
    part('Inner transactions', plural(size, 'transaction'), transactions(inner, settled)),
    part('State diff', plural(changes.length, 'write'),
      changes.length ? table(['Contract', 'Cell', 'Before', '', 'After'], changes, 'diff') : null));
}

/** The answer of `zkthread_getThread`. */
export function details(thread) {
  let first = 0;
  const segments = thread.segments.map((it, index) => {
    const inner = thread.inner_transactions.slice(first, first + it.inner_transactions);
    first += it.inner_transactions;
    return segment(it, index, thread.segments.length, inner);
  });
  return h('div', { class: 'details' },
    thread.conflicts.length
      ? part('Conflicts', `${plural(thread.conflicts.length, 'value')} changed after the sub-block read them`,
        conflicts(thread.conflicts))
      : thread.error && h('p', { class: 'trouble' }, thread.error.message),
    part('Proof facts', null, facts([
      ['Thread transaction', whole(thread.transaction_hash)],
      ['Submitter', whole(thread.submitter)],
      ['OS program', whole(thread.os_program_hash)],
      ['Package digest', whole(thread.package_digest)],
      ['Package', `${bytes(thread.package_bytes)}, of which proofs ${bytes(thread.proof_bytes)}`],
      ['Verified in', micros(thread.verify_micros)],
    ])),
    segments);
}
