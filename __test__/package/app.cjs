"use strict";

// CommonJS.

const { cryo } = require("cryo-server");

void import("./round-trip.mjs").then(({ roundTrip }) => roundTrip(cryo));
