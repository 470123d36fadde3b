"use strict";

// Pieces of a source, cut into chunks.

/**
 * @param {Uint8Array} piece
 * @param {number} size Bytes of a chunk at most.
 * @returns {Iterable<Uint8Array>} The piece itself where it is small enough.
 */
function chunksOf(piece, size) {
  return piece.length <= size ? [piece] : cut(piece, size);
}

/** One by one: all at once would be as many objects as a chunk may be small. */
function* cut(piece, size) {
  const { length } = piece;
  // Not as long as it is now: cutting a piece that was transferred away meanwhile is an error, not the end.
  for (let at = 0; at < length; at += size) yield piece.subarray(at, at + size);
}

module.exports = { chunksOf };
