// SHA-256 of a file: by the browser where it offers that, else by our own. Browsers offer it on https and localhost only.

import { Sha256 } from "./sha256.mjs";

const SLICE_BYTES = 1024 * 1024;

/** @param {Blob} blob @returns {Promise<string>} Hexadecimal. */
export async function sha256(blob) {
  const digest = crypto.subtle ? await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()) : await own(blob);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function own(blob) {
  const hash = new Sha256();
  for (let start = 0; start < blob.size; start += SLICE_BYTES) {
    hash.update(new Uint8Array(await blob.slice(start, start + SLICE_BYTES).arrayBuffer()));
  }
  return hash.digest();
}
