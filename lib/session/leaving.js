"use strict";

// What `Close()` and `Destroy()` of a session take as a reason and a code.

/** UTF-16 units of a reason; what is longer is cut. */
const LONGEST_REASON = 64 * 1024;

/** A reason as text: leaving must not fail because of what an application, or its client, has made of the reason. */
function reasonText(reason, fallback) {
  try {
    return String(reason).slice(0, LONGEST_REASON);
  } catch {
    return fallback;
  }
}

/** Whether a close frame may carry this code (RFC 6455 section 7.4, and what was registered since). */
function isCloseCode(code) {
  const within = (first, last) => code >= first && code <= last;
  return Number.isInteger(code) && (within(1000, 1003) || within(1007, 1014) || within(3000, 4999));
}

module.exports = { isCloseCode, reasonText };
