"use strict";

// Empty projects that install the package's tarballs, and nothing from a registry.

const { execFile } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { promisify } = require("node:util");

const { npm } = require("../../scripts/npm.js");
const { ROOT } = require("../../scripts/paths.js");

const run = promisify(execFile);

const APPS = path.join(ROOT, "__test__", "package");
const TSC = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
/** What runs the applications, with arguments before the file's name; such as "bun" or "deno run --allow-all". */
const RUNTIME = process.env.CRYO_TEST_RUNTIME?.split(" ") ?? [process.execPath];

/**
 * A project in a temporary folder with the applications of __test__/package.
 *
 * @param {string[]} tarballs Installed in it.
 */
function createProject(tarballs) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "cryo-package-"));
  fs.cpSync(APPS, folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "project", private: true, type: "commonjs" }));
  // A cache of its own: what an earlier installation left in the user's must not help this one.
  const offline = ["--offline", "--cache", path.join(folder, "cache"), "--no-audit", "--no-fund", "--loglevel=error"];
  npm(["install", ...offline, ...tarballs], folder);
  return {
    folder,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
    installed: () => fs.readdirSync(path.join(folder, "node_modules")).filter((name) => name.startsWith("cryo-")),
    /** @returns {Promise<string>} What the application printed. Rejects with its error when it fails. */
    run: async (file) => {
      const [command, ...args] = RUNTIME;
      const { stdout } = await run(command, [...args, file], { cwd: folder, timeout: 60_000 });
      return stdout;
    },
    /** Compiles app.ts strictly, against the checkout's TypeScript and @types/node. */
    compile: (options) => {
      const types = path.join(ROOT, "node_modules", "@types");
      const compilerOptions = { strict: true, target: "es2023", typeRoots: [types], types: [], ...options };
      fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.ts"] }));
      return run(process.execPath, [TSC, "--project", folder], { cwd: folder });
    },
  };
}

module.exports = { createProject };
