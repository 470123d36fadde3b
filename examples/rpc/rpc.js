"use strict";

// An extension that answers calls: JSON-RPC 2.0 requests in text messages. What is no request reaches the application as
// ever. Specification: https://www.jsonrpc.org/specification

const CODES = Object.freeze({ METHOD_NOT_FOUND: -32601, INTERNAL: -32603 });

class Rpc {
  name = "rpc";
  #methods;

  /** @param {Record<string, (...params: any[]) => any>} methods What clients may call; they may be async. */
  constructor(methods) {
    this.#methods = new Map(Object.entries(methods));
  }

  /** A hook holds back the messages behind its own, so it decides at once, and the call goes on by itself. */
  async on_receive_utf8(session, { value }) {
    const request = parse(value);
    if (request === null) return true;
    void this.#answer(session, request);
    return false;
  }

  async #answer(session, { id, method, params = [] }) {
    const outcome = await this.#call(method, params);
    const isNotification = id === undefined;
    if (!isNotification) session.SendUTF8(JSON.stringify({ jsonrpc: "2.0", id, ...outcome }));
  }

  async #call(name, params) {
    const method = this.#methods.get(name);
    if (method === undefined) return { error: { code: CODES.METHOD_NOT_FOUND, message: `There is no method '${name}'.` } };
    try {
      return { result: (await method(...params)) ?? null };
    } catch (error) {
      return { error: { code: CODES.INTERNAL, message: error.message } };
    }
  }
}

/** The request that a text is; null where it is none. Parameters by name are not supported. */
function parse(text) {
  try {
    const value = JSON.parse(text);
    const isRequest = value?.jsonrpc === "2.0" && typeof value.method === "string";
    return isRequest && Array.isArray(value.params ?? []) ? value : null;
  } catch {
    return null;
  }
}

module.exports = { Rpc };
