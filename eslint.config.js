"use strict";

// Lint rules: ESLint's recommended set, and the few rules that keep this code in one style.

const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
  { ignores: ["target/", "coverage/", "__test__/types/"] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: "commonjs",
      globals: globals.node,
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: ["error", "always"],
      "no-param-reassign": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      strict: ["error", "global"],
      "valid-typeof": ["error", { requireStringLiterals: true }],
    },
  },
  { files: ["**/*.mjs"], languageOptions: { sourceType: "module" } },
  {
    // A test of the application's may fake them, which must not stop what the package does by itself.
    files: ["lib/**"],
    ignores: ["lib/timers.js"],
    rules: {
      "no-restricted-globals": ["error", "queueMicrotask", "setImmediate"],
      "no-restricted-properties": ["error", { object: "process", property: "nextTick", message: "Use that of lib/timers.js." }],
    },
  },
  { files: ["examples/demo/page/*.mjs"], languageOptions: { globals: globals.browser } },
];
