// SHA-256 (FIPS 180-4).

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

// Section 4.2.2: the fractional parts of the cube roots of the first 64 primes; section 5.3.3: of the square roots of
// the first 8. A double is exact enough for 32 bits of either.
const primes = firstPrimes(64);
const K = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const INITIAL = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

export class Sha256 {
  #state = INITIAL.slice();
  #schedule = new Uint32Array(64);
  /** Bytes of the block that is not full yet. */
  #rest = new Uint8Array(BLOCK_BYTES);
  #length = 0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    let offset = 0;
    while (offset < bytes.length) {
      const used = this.#length % BLOCK_BYTES;
      const piece = bytes.subarray(offset, offset + BLOCK_BYTES - used);
      this.#rest.set(piece, used);
      this.#length += piece.length;
      offset += piece.length;
      if (this.#length % BLOCK_BYTES === 0) this.#block();
    }
  }

  /** @returns {ArrayBuffer} 32 bytes. Nothing may be added any more. */
  digest() {
    const bits = BigInt(this.#length) * 8n;
    const used = this.#length % BLOCK_BYTES;
    const zeros = (2 * BLOCK_BYTES - 1 - LENGTH_BYTES - used) % BLOCK_BYTES;
    const padding = new DataView(new ArrayBuffer(1 + zeros + LENGTH_BYTES));
    padding.setUint8(0, 0x80);
    padding.setBigUint64(1 + zeros, bits);
    this.update(new Uint8Array(padding.buffer));

    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => digest.setUint32(4 * index, word));
    return digest.buffer;
  }

  /** Section 6.2.2. */
  #block() {
    const w = this.#schedule;
    const view = new DataView(this.#rest.buffer);
    for (let t = 0; t < 16; t++) w[t] = view.getUint32(4 * t);
    for (let t = 16; t < 64; t++) {
      const s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >>> 3);
      const s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = this.#state;
    for (let t = 0; t < 64; t++) {
      const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + big1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => (this.#state[index] += word));
  }
}

function rotate(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

function fraction(root) {
  return (root - Math.floor(root)) * 2 ** 32;
}

function firstPrimes(count) {
  const primes = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}
