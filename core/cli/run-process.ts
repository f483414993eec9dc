import { run } from "./run.ts";
import { surviveBrokenPipes } from "./output/terminal.ts";

/** Runs the command of this process's arguments, and ends the process with its exit code. */
export async function runProcess(): Promise<void> {
  surviveBrokenPipes();
  const parameters = process.argv.slice(2);
  const code = await run(parameters);
  // The proxy has already waited for its own lines; the reader of output that plugins printed may have stopped reading.
  if (parameters[0] === "start") process.exit(code);
  // Timers and sockets that a config's own code left behind do not keep a finished command alive.
  process.stdout.write("", () => process.exit(code));
}
