"use strict";
// Loaded into the soaked proxy beside its own code: tells its parent what memory is left after a full collection, so that the slope
// is that of what is kept and not of when V8 collects.

const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

process.on("message", () => {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ resident: rss, kept: heapUsed + external });
});
// The channel alone must not keep the proxy alive when it has drained.
process.channel?.unref();
