"use strict";

// A self-signed certificate for localhost, 127.0.0.1 and ::1, valid for a hundred years. For tests only: its key is
// public. Made by
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 36500
//   -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
//   -addext basicConstraints=critical,CA:FALSE

const fs = require("node:fs");
const path = require("node:path");

module.exports = {
  key: fs.readFileSync(path.join(__dirname, "key.pem")),
  cert: fs.readFileSync(path.join(__dirname, "cert.pem")),
};
