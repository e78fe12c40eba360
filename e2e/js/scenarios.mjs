// A scenario for each public method of a library's class, and a look whether one is missing.

import assert from 'node:assert/strict';
import test from 'node:test';

/** Objects whose functions are nobody's in particular. */
const EVERYBODYS = [Object.prototype, Function.prototype];

/** `object` and all that it inherits from. */
function* lineage(object) {
  for (let at = object; at && !EVERYBODYS.includes(at); at = Object.getPrototypeOf(at)) yield at;
}

/** What users can call of an object or a class: its own functions and those that it inherits. */
export function publicMethods(object) {
  const names = new Set();
  for (const at of lineage(object)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !name.startsWith('_')) names.add(name);
    }
  }
  return names;
}

/** Scenarios of the methods of `object`, which its users know as `title`. */
export function scenariosOf(title, object) {
  const covered = new Set();
  return {
    /** One test, which has to call the method, of `called` if each object has its own. */
    scenario(method, what, run, called = object) {
      assert.ok(!covered.has(method), `${method} has a scenario already`);
      covered.add(method);
      test(`${title}.${method}: ${what}`, async (context) => {
        const owner = [...lineage(called)].find((at) => Object.hasOwn(at, method));
        const spy = context.mock.method(owner, method);
        await run(context);
        assert.ok(spy.mock.callCount() > 0, `${method} was not called`);
      });
    },
    /** Fails if a method has no scenario and is none of the `others`. */
    complete(...others) {
      test(`${title}: no public method is left out`, () => {
        const methods = publicMethods(object);
        const listed = new Set([...covered, ...others]);
        assert.deepEqual([...methods].filter((it) => !listed.has(it)), [], 'without a scenario');
        assert.deepEqual([...listed].filter((it) => !methods.has(it)), [], 'no public method');
      });
    },
  };
}
