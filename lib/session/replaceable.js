"use strict";

// Properties of a class that each object may have as its own instead.

/**
 * Lets getters of a class be assigned to, which gives that object a property of its own.
 *
 * @param {object} prototype
 * @param {readonly string[]} names Of its getters.
 */
function makeReplaceable(prototype, names) {
  for (const name of names) {
    const { get } = Object.getOwnPropertyDescriptor(prototype, name);
    const set = function (value) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    };
    Object.defineProperty(prototype, name, { get, set, configurable: true });
  }
}

module.exports = { makeReplaceable };
