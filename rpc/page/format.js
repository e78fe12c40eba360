// Numbers as people read them.

import { h } from './dom.js';

const FRI = 10n ** 18n;

/** A felt, shortened; the whole is in its title. */
export const felt = (value) => {
  const text = String(value);
  return h('code', { title: text }, text.length > 14 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text);
};

/** A felt as a whole. */
export const whole = (value) => h('code', { class: 'whole' }, String(value));

export const count = (number) => Number(number).toLocaleString('en');

export const plural = (number, word, words = `${word}s`) => `${count(number)} ${number === 1 ? word : words}`;

export function bytes(number) {
  if (number < 1024) return `${number} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [number / 1024, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export function micros(number) {
  if (number === null || number === undefined) return '–';
  if (number < 1000) return `${number} µs`;
  return number < 1_000_000 ? `${(number / 1000).toFixed(1)} ms` : `${(number / 1_000_000).toFixed(1)} s`;
}

export function strk(fri) {
  const amount = BigInt(fri);
  const rest = (amount % FRI).toString().padStart(18, '0').replace(/0+$/, '');
  const digits = rest.slice(0, Math.max(4, rest.search(/[1-9]/) + 3));
  return `${amount / FRI}${digits ? `.${digits}` : ''} STRK`;
}

export function time(seconds) {
  const date = new Date(seconds * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString('en-GB') : date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** A short string in a felt, such as a chain id. */
export function shortString(value) {
  const hex = BigInt(value).toString(16);
  const codes = (hex.length % 2 ? `0${hex}` : hex).match(/../g).map((byte) => Number.parseInt(byte, 16));
  return codes.every((code) => code >= 0x20 && code < 0x7f) ? String.fromCharCode(...codes) : String(value);
}
