/** Aborts when watching must end: at Ctrl-C, at SIGTERM, or when nobody reads standard output any more (`sluice watch | head`). */
export function untilStopped(): AbortSignal {
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  process.stdout.once("error", stop).once("close", stop);
  return stopped.signal;
}
