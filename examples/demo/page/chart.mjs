// A small line chart of the last minute.

const SAMPLES = 60;
const HEIGHT = 100;
/** Room above the highest sample, and for the thickness of the line below the lowest. */
const MARGIN = 6;

export class Chart {
  #values = [];
  #area;
  #line;

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    svg.setAttribute("viewBox", `0 0 ${SAMPLES - 1} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    [this.#area, this.#line] = ["area", "line"].map((name) => {
      const path = document.createElementNS(svg.namespaceURI, "path");
      path.setAttribute("class", name);
      return svg.appendChild(path);
    });
  }

  /** @param {number} value The next sample. */
  push(value) {
    this.#values = [...this.#values, value].slice(-SAMPLES);
    const highest = Math.max(...this.#values, Number.MIN_VALUE);
    const points = this.#values.map((sample, index) => {
      const x = SAMPLES - this.#values.length + index;
      return `${x},${(HEIGHT - MARGIN - (sample / highest) * (HEIGHT - 2 * MARGIN)).toFixed(1)}`;
    });
    const line = `M${points.join("L")}`;
    this.#line.setAttribute("d", line);
    this.#area.setAttribute("d", `${line}V${HEIGHT}H${SAMPLES - this.#values.length}Z`);
  }
}
