"use strict";

// `session.stream`: transactions.

const { EventEmitter } = require("node:events");
const { Readable } = require("node:stream");

/** Who sets the pace of a transaction. */
const CRYO_FLOW_BEHAVIOUR = Object.freeze({ TX_PUSH: 0, TX_PULL: 1 });

class CryoReadable extends Readable {}

class CryoTransactionManager extends EventEmitter {}

module.exports = { CRYO_FLOW_BEHAVIOUR, CryoReadable, CryoTransactionManager };
