// Runs commands side by side. What one prints is shown in one piece when it is over, so that no two mix.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const limitMs = 20 * 60_000;

const running = new Set();

// Whoever stops the run stops all of it.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
])
  process.once(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(code);
  });

/** @returns whether it ended with code 0 in time */
function finished(child) {
  return new Promise((resolve) => {
    const limit = setTimeout(() => child.kill("SIGKILL"), limitMs);
    running.add(child);
    const over = (good) => {
      clearTimeout(limit);
      running.delete(child);
      resolve(good);
    };
    child.once("error", () => over(false));
    // Not "close": what it started may still hold its output.
    child.once("exit", (code) => over(code === 0));
  });
}

/**
 * Runs one command in a folder.
 *
 * @param job `title`, `command`, `parameters`, `env` (added to this process's), `live` (printed as it comes)
 * @returns whether it ended well
 */
export async function run({ title, command, parameters, env = {}, live = false }, cwd) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-output-"));
  const file = join(folder, "output");
  // A file, which a process writes at once: a pipe loses what is in it when a process ends hard.
  const output = live ? "inherit" : openSync(file, "w");
  // Windows needs a shell to find npm.cmd.
  const shell = process.platform === "win32";
  if (live) console.log(`\n> ${title}`);
  const started = performance.now();
  try {
    const good = await finished(
      spawn(command, parameters, { cwd, stdio: ["ignore", output, output], env: { ...process.env, ...env }, shell }),
    );
    if (!live) process.stdout.write(`\n> ${title}\n${readFileSync(file, "utf8")}`);
    console.log(`${good ? "ok" : "FAILED"}: ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return good;
  } finally {
    if (!live) closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs jobs in as many lanes, the first ones first; `over(good)` of each is called with how it ended. */
export async function runSideBySide(jobs, lanes, cwd) {
  const waiting = [...jobs];
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) job.over(await run(job, cwd));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
