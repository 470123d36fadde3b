"use strict";

// A process without memory for certain things.

/** What Node.js throws then. */
function failing() {
  throw new RangeError("Array buffer allocation failed");
}

/**
 * Lets a method fail, until the test is over, where it is called on or with what `matches`.
 *
 * @param {import("node:test").TestContext} t
 * @param {any} owner
 * @param {string} method
 * @param {(self: any, ...args: any[]) => boolean} matches
 */
function withoutMemory(t, owner, method, matches) {
  const original = owner[method];
  t.mock.method(owner, method, function (...args) {
    return matches(this, ...args) ? failing() : original.apply(this, args);
  });
}

module.exports = { failing, withoutMemory };
