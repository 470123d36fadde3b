"use strict";

// A promise and what settles it; `Promise.withResolvers` for Node.js 20.

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

module.exports = { deferred };
