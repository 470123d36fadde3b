"use strict";

// Promises: one with what settles it (`Promise.withResolvers` for Node.js 20), and one whose rejection may go unheard.

const noop = () => {};

/**
 * @returns {{ promise: Promise<any>, resolve: (value?: any) => void, reject: (reason: unknown) => void }}
 */
function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/**
 * What a call comes to, as a promise whose rejection is no unhandled one where nobody looks at it.
 *
 * @template T
 * @param {() => T | Promise<T>} call What it throws rejects the promise.
 * @returns {Promise<T>}
 */
function handled(call) {
  const promise = new Promise((resolve) => resolve(call()));
  promise.catch(noop);
  return promise;
}

module.exports = { deferred, handled };
