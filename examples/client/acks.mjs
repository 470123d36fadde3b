// Acknowledgements. Each side numbers its own frames from 0; the receiver's ACK repeats the number. A PING takes a number
// as well, and its PONG repeats it, so one table serves both.

const NUMBERS = 2 ** 32;

export class Acks {
  #next = 0;
  /** Who waits, by number. */
  #waiting = new Map();

  /**
   * @returns {{ ack: number, acknowledged: Promise<void> }} The number for a frame about to be sent, and the answer to it.
   */
  take() {
    while (this.#waiting.has(this.#next)) this.#next = (this.#next + 1) % NUMBERS; // after a wrap, skip those in use
    const ack = this.#next;
    this.#next = (ack + 1) % NUMBERS;
    const acknowledged = new Promise((resolve, reject) => this.#waiting.set(ack, { resolve, reject }));
    acknowledged.catch(() => {});
    return { ack, acknowledged };
  }

  /** The answer to frame number `ack` has come. */
  settle(ack) {
    this.#waiting.get(ack)?.resolve();
    this.#waiting.delete(ack);
  }

  /** No answer will come any more. */
  fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
