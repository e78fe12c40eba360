// A thread as it is now: what is open, being proven, sent and settled.

import { conflicts } from './details.js';
import { card, chip, h } from './dom.js';
import { bytes, count, felt, micros, plural, time, whole } from './format.js';

const STAGES = ['OPEN', 'CLOSED', 'PROVING', 'PROVEN', 'SUBMITTED', 'SETTLED'];
/** Settled sub-blocks that are shown; the thread tells more. */
const SETTLED_SHOWN = 8;

/** How far a sub-block is, as a bar. */
function progress({ stage, prover_stage: doing }) {
  const reached = STAGES.indexOf(stage) + 1;
  const word = stage === 'PROVING' && doing ? `proving: ${doing}` : stage.toLowerCase();
  return h('div', { class: 'progress' },
    h('progress', { max: STAGES.length, value: reached, 'data-stage': stage, 'aria-label': word }),
    h('span', null, word));
}

function subBlock(it) {
  const proven = it.proven_in_ms === null ? null : `proven in ${micros(it.proven_in_ms * 1000)}`;
  return h('article', { class: 'sub-block', 'data-stage': it.stage },
    h('div', { class: 'line' },
      h('strong', null, `#${it.id}`),
      progress(it),
      h('span', null, plural(it.transactions, 'transaction')),
      h('span', null, `${count(it.steps)} steps`),
      h('span', null, it.block_number === null
        ? `on block ${count(it.base_block_number)}`
        : `in block ${count(it.block_number)}`),
      h('span', { title: 'opened' }, time(it.opened_at)),
      proven && h('span', null, proven),
      it.attempt > 1 ? h('span', { class: 'bad' }, `attempt ${it.attempt}`) : null,
      it.transaction_hash && felt(it.transaction_hash)),
    it.conflicts.length ? conflicts(it.conflicts) : null);
}

const provers = (list) =>
  h('ul', { class: 'provers' }, list.map((it) =>
    h('li', null, `prover ${it.pid} `, chip(it.stage ?? 'idle', it.stage ? 'PROVING' : 'IDLE'),
      it.sub_block === null ? null : ` sub-block #${it.sub_block}`, ` ${bytes(it.memory_bytes)}`)));

/** The answer of `zkthread_status`. */
export function status(thread, url) {
  const { queue, totals, throughput, node, base_block: base } = thread;
  const unsettled = thread.sub_blocks.filter((it) => it.stage !== 'SETTLED').reverse();
  const settled = thread.sub_blocks.filter((it) => it.stage === 'SETTLED').reverse().slice(0, SETTLED_SHOWN);
  const scope = thread.contracts ? `writes ${plural(thread.contracts.length, 'contract')}` : 'writes any contract';
  return [
    h('h2', null, 'Live thread ', h('small', null, url)),
    node.reachable ? null : h('p', { class: 'trouble' }, `Its node ${node.url} does not answer: ${node.error ?? ''}`),
    thread.trouble.map((it) => h('p', { class: 'trouble' }, it)),
    h('p', { class: 'facts' }, 'Submitter ', felt(thread.submitter), ` · ${scope} · base block ${count(base.block_number)} `,
      felt(base.block_hash)),
    thread.contracts && h('details', null, h('summary', null, 'Its contracts'),
      h('ul', null, thread.contracts.map((it) => h('li', null, whole(it))))),
    h('div', { class: 'cards' },
      card('Unsettled', count(queue.unsettled), plural(thread.users, 'user')),
      card('Waiting', count(queue.waiting)),
      card('Proving', count(queue.proving), 'sub-blocks'),
      card('In flight', count(queue.in_flight), 'sub-blocks'),
      card('Settled', count(totals.settled), `${count(totals.sub_blocks_settled)} sub-blocks`),
      card('Conflicts', count(totals.conflicts), `${count(totals.rejected)} rejected`),
      card('Answer', micros(throughput.median_micros), `p99 ${micros(throughput.p99_micros)}`),
      card('Per second', throughput.received_per_second.toFixed(1), `${throughput.settled_per_second.toFixed(1)} settled`)),
    h('h3', null, 'Sub-blocks under way'),
    unsettled.length ? unsettled.map(subBlock) : h('p', { class: 'empty' }, 'None.'),
    settled.length ? [h('h3', null, 'Settled last'), settled.map(subBlock)] : null,
    thread.provers.length ? [h('h3', null, 'Provers'), provers(thread.provers)] : null,
  ].flat(Infinity).filter(Boolean);
}
