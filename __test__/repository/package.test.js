"use strict";

// The package as its users get it: packed, installed from tarballs into empty projects, used in each way there is.
// CRYO_TEST_PACKAGES names a folder of tarballs to test (`npm run pack`); else this checkout's own build is packed.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, describe, it } = require("node:test");

const esbuild = require("esbuild");

const { platformTriple } = require("../../lib/bridge/native.js");
const { version } = require("../../package.json");
const { packAll } = require("../../scripts/release/pack.js");
const { createProject } = require("../support/consumer.js");
const { ROOT } = require("../support/repository.js");

/** The main package is JavaScript and types; a larger one has something in it that is not. In bytes. */
const MAIN_LIMIT = 150_000;

describe("the package", () => {
  const cleanUps = [];
  let main;
  let project;

  before(() => {
    let folder = process.env.CRYO_TEST_PACKAGES;
    if (folder === undefined) {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), "cryo-tarballs-"));
      cleanUps.push(() => fs.rmSync(folder, { recursive: true, force: true }));
      packAll(ROOT, folder);
    }
    main = path.resolve(folder, `cryo-server-${version}.tgz`);
    project = createProject([main, path.resolve(folder, `cryo-server-${platformTriple()}-${version}.tgz`)]);
    cleanUps.push(project.remove);
  });
  after(() => cleanUps.forEach((cleanUp) => cleanUp()));

  it("is small, and installs with the addon of this platform alone", () => {
    assert.ok(fs.statSync(main).size < MAIN_LIMIT, `${fs.statSync(main).size} bytes`);
    assert.deepEqual(project.installed(), ["cryo-server", `cryo-server-${platformTriple()}`]);
  });

  it("names the platform packages by its own version, and nothing that only a checkout needs", () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(project.folder, "node_modules/cryo-server/package.json"), "utf8"));
    assert.equal(manifest.optionalDependencies[`cryo-server-${platformTriple()}`], version);
    assert.deepEqual(new Set(Object.values(manifest.optionalDependencies)), new Set([version]));
    assert.deepEqual([manifest.scripts, manifest.devDependencies, manifest.dependencies], [undefined, undefined, undefined]);
  });

  it("works from an ES module", async () => {
    assert.equal(await project.run("app.mjs"), "got zwölf\n");
  });

  it("works from CommonJS", async () => {
    assert.equal(await project.run("app.cjs"), "got zwölf\n");
  });

  it("compiles in strict TypeScript with nodenext resolution, and runs", async () => {
    await project.compile({ module: "nodenext", moduleResolution: "nodenext", outDir: "out", rootDir: "." });
    assert.equal(await project.run(path.join("out", "app.js")), "got zwölf of 5 characters\n");
  });

  it("compiles in strict TypeScript with bundler resolution", async () => {
    await project.compile({ module: "preserve", moduleResolution: "bundler", noEmit: true });
  });

  for (const format of ["esm", "cjs"]) {
    it(`works as an external of a bundle (${format})`, async () => {
      const outfile = path.join(project.folder, format === "esm" ? "bundle.mjs" : "bundle.cjs");
      const entry = path.join(project.folder, format === "esm" ? "app.mjs" : "app.cjs");
      await esbuild.build({ entryPoints: [entry], outfile, format, bundle: true, platform: "node", external: ["cryo-server"] });
      assert.equal(await project.run(path.basename(outfile)), "got zwölf\n");
    });
  }

  it("says what to do where its addon is not installed", async (t) => {
    const bare = createProject([main]);
    t.after(bare.remove);
    assert.deepEqual(bare.installed(), ["cryo-server"]);
    await assert.rejects(bare.run("app.cjs"), { stderr: /No addon for this platform.*is not installed\. Install cryo-server again/ });
  });
});
