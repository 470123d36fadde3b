"use strict";

// The page and the browser client, over plain HTTP. All files are read once, so no request can reach any other file.

const fs = require("node:fs");
const path = require("node:path");

const TYPES = { ".css": "text/css", ".html": "text/html", ".mjs": "text/javascript", ".svg": "image/svg+xml" };
const MAX_PAUSE_MS = 10_000;

/** @type {Map<string, { type: string, body: Buffer }>} By path. */
const files = new Map([...read("page", "/"), ...read("../client", "/client/")]);
files.set("/", files.get("/index.html"));

function read(folder, prefix) {
  const root = path.join(__dirname, folder);
  const names = fs.readdirSync(root).filter((name) => path.extname(name) in TYPES);
  return names.map((name) => {
    const type = `${TYPES[path.extname(name)]}; charset=utf-8`;
    return [prefix + name, { type, body: fs.readFileSync(path.join(root, name)) }];
  });
}

/** A `request` listener. @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
function servePage(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/pause") return pause(Number(searchParams.get("ms")), response);
  const file = files.get(pathname);
  if (file === undefined) return response.writeHead(404).end("Not found.\n");
  response.writeHead(200, {
    "Cache-Control": "no-cache",
    "Content-Length": file.body.length,
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:",
    "Content-Type": file.type,
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : file.body);
}

/** Answers late: with a request that blocks, the page's slow reader stands still without using the processor. */
function pause(ms, response) {
  setTimeout(() => response.writeHead(204).end(), Math.min(ms, MAX_PAUSE_MS));
}

module.exports = { servePage };
