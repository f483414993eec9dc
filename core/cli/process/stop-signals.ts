/** Exit codes by convention: 128 and the number of the signal. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof exitCodes;

/**
 * Milliseconds in which a second SIGINT is ignored: a terminal sends SIGINT to the whole process group, and npm forwards it again, so one Ctrl-C
 * comes twice.
 */
const echoMs = 100;

/** Calls `stop` at the first SIGTERM or SIGINT. The second ends the process at once, with 143 or 130. */
export function onStopSignals(stop: (signal: StopSignal) => void): void {
  let first: { readonly signal: StopSignal; readonly at: number } | undefined;
  const handle = (signal: StopSignal): void => {
    if (first === undefined) {
      first = { signal, at: performance.now() };
      stop(signal);
      return;
    }
    const echo = signal === "SIGINT" && first.signal === "SIGINT" && isEchoed() && performance.now() - first.at < echoMs;
    if (!echo) process.exit(exitCodes[signal]);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, handle);
}

function isEchoed(): boolean {
  return process.env["npm_lifecycle_event"] !== undefined && process.stdin.isTTY;
}
