#!/usr/bin/env node
import { SluiceError } from "../contract/errors/errors.ts";
import { readFdLimit } from "../config/check/fd-limit.ts";

/** The open files that are needed to load Sluice and a config, and some more for serving. */
const LEAST_FILES = 128;

/** Ends with one clear message, instead of an error of Node while modules are loaded. */
function refuse(detail: string): never {
  const { message } = new SluiceError("SLUICE_TOO_FEW_FILES", detail);
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

const limit = readFdLimit();
if (limit !== undefined && limit < LEAST_FILES) refuse(`the limit of open files is ${limit}, and Sluice needs at least ${LEAST_FILES}`);
try {
  // Not imported at the top, where hundreds of modules would be opened before this check.
  const { runProcess } = await import("./run-process.ts");
  await runProcess();
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EMFILE" && code !== "ENFILE") throw error;
  refuse(`no more files can be opened (${code})`);
}
