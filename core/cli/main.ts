#!/usr/bin/env node
import { run } from "./run.ts";
import { surviveBrokenPipes } from "./terminal.ts";

surviveBrokenPipes();
const code = await run(process.argv.slice(2));
// Timers and sockets that a config's own code left behind do not keep a finished command alive.
process.stdout.write("", () => process.exit(code));
