// Small things that every part of the page needs.

const UNITS = ["B", "KiB", "MiB", "GiB"];
const UNIT = 1024;

/** @param {string} id @returns {any} */
export function element(id) {
  return document.getElementById(id);
}

/** @param {number} count @returns {string} Such as `1.5 MiB`. */
export function bytes(count) {
  const power = count < UNIT ? 0 : Math.min(Math.floor(Math.log(count) / Math.log(UNIT)), UNITS.length - 1);
  return `${(count / UNIT ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
