"use strict";

// Packs the main package and the platform packages whose addons a folder holds, this checkout's own build by default:
// node scripts/pack.js [folder of addons [folder for the tarballs]]

const fs = require("node:fs");
const path = require("node:path");

const { ROOT } = require("./paths.js");
const { packAll } = require("./release/pack.js");

const [addons, out = path.join(ROOT, "target", "packages")] = process.argv.slice(2);

const { main, platforms } = packAll(addons ?? ROOT, path.resolve(out));
for (const tarball of [main, ...platforms.values()]) console.info(`${tarball}: ${fs.statSync(tarball).size} bytes`);
