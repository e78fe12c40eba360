// Elements. Whatever comes from a chain becomes text, never markup.

/** An element; attributes whose value is null or false are left out, functions listen to events. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** A figure with what it means. */
export const card = (name, value, note) =>
  h('div', { class: 'card' }, h('span', { class: 'name' }, name), h('strong', null, String(value)), note && h('small', null, note));

/** A table whose cells may be elements. */
export const table = (heads, rows, kind) =>
  h('div', { class: 'scroll' },
    h('table', { class: kind },
      h('thead', null, h('tr', null, heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', null, rows.map((row) =>
        h('tr', null, row.map((cell, index) => h('td', { 'data-head': heads[index] }, cell)))))));

/** A word in a coloured frame. */
export const chip = (word, kind) => h('span', { class: 'chip', 'data-kind': kind ?? word }, word.toLowerCase().replaceAll('_', ' '));
