#!/usr/bin/env node
import { SluiceError } from "../contract/errors/errors.ts";
import { readFdLimit } from "../config/check/fd-limit.ts";

/** What loading Sluice and a config takes at once, and some for serving. */
const LEAST_FILES = 128;

/** One clear message, where loading the rest would end in the middle of Node's own. */
function refuse(detail: string): never {
  const { message } = new SluiceError("SLUICE_TOO_FEW_FILES", detail);
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

const limit = readFdLimit();
if (limit !== undefined && limit < LEAST_FILES) refuse(`the limit of open files is ${limit}, and Sluice needs at least ${LEAST_FILES}`);
try {
  // Not before: a module that is imported above is opened together with hundreds of others.
  const { runProcess } = await import("./run-process.ts");
  await runProcess();
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EMFILE" && code !== "ENFILE") throw error;
  refuse(`no more files can be opened (${code})`);
}
