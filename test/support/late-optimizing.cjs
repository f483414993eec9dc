"use strict";
// On Node 20, V8 optimises a function later than it would: a process of tests, or a command that one starts, lasts for seconds, of which the
// optimising compiler takes up to a third. What runs hot is still optimised. Later Node versions wait longer by themselves, and do not have the flag.

const { setFlagsFromString } = require("node:v8");

if (process.version.startsWith("v20.")) setFlagsFromString("--interrupt-budget=2000000");
