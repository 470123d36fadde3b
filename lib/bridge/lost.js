"use strict";

// The error of a payload that has come and can't be taken over, mostly for lack of memory. Who gets it must not go on as if nothing was missing.

const { CryoError, codes, hasCode } = require("../errors.js");

/**
 * @param {number} length Bytes of the payload.
 * @param {any} cause Why it can't be taken over; returned as it is where it says so already.
 * @returns {CryoError}
 */
function lost(length, cause) {
  if (isLost(cause)) return cause;
  const what = `A received payload of ${length} bytes can't be handed over, and its connection is closed: ${cause.message}.`;
  return new CryoError(codes.PAYLOAD_LOST, `${what} If memory is short, allow the process more, or set a lower maxPayload.`, { cause });
}

/** Whether an error is such a one, and not the application's. */
function isLost(error) {
  return hasCode(error, codes.PAYLOAD_LOST);
}

module.exports = { isLost, lost };
