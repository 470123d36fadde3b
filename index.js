"use strict";

// What `require("cryo-server")` and `import ... from "cryo-server"` give. Each export is an assignment of its
// own, because that is the form in which Node.js finds a CommonJS module's names for `import { ... }`.

const server = require("./lib/server.js");
const session = require("./lib/session/session.js");
const base = require("./lib/session/base.js");
const stream = require("./lib/session/stream.js");
const errors = require("./lib/errors.js");

exports.cryo = server.cryo;
exports.CryoWebsocketServer = server.CryoWebsocketServer;
exports.CryoServerWebsocketSession = session.CryoServerWebsocketSession;
exports.CryoBaseManager = base.CryoBaseManager;
exports.CryoTransactionManager = stream.CryoTransactionManager;
exports.CryoReadable = stream.CryoReadable;
exports.CryoError = errors.CryoError;
exports.CRYO_FLOW_BEHAVIOUR = stream.CRYO_FLOW_BEHAVIOUR;
