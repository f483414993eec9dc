import path from "node:path";
import { fileURLToPath } from "node:url";
import { reasonOf, type Logger } from "../contract/index.ts";

/** The package's own top folder: dist/core/cli/ is three below it, and source maps lead to its core/. */
const packageFolder = fileURLToPath(new URL("../../../", import.meta.url));

/** Whose an uncaught error is, by the files on its stack. */
export type Blame = "plugin" | "core";

/**
 * What the proxy does about errors that nobody caught. A plugin's own timer or forgotten promise is reported, and the proxy goes on:
 * one plugin must not end everybody's sessions. An error of the core is fatal, because nobody knows what state it left.
 *
 * @param folder the config's, behind every symlink: so stacks name it
 * @param stop drains and ends the process with exit code 1
 */
export function guardProcess(folder: string, logger: Logger, stop: () => void): void {
  process.on("unhandledRejection", (reason) => {
    logger.error(fields(reason), "a promise was rejected and nobody caught it: probably a plugin's, the proxy goes on");
  });
  let dying = false;
  process.on("uncaughtException", (error: unknown) => {
    if (blame(error, folder) === "plugin") {
      logger.error(fields(error), "uncaught error in a plugin's own timer or socket: the proxy goes on");
      return;
    }
    logger.fatal(fields(error), "uncaught error: the proxy drains and stops");
    if (dying) process.exit(1);
    dying = true;
    stop();
  });
}

/** Blames a plugin for what has a file of the config on its stack, and for a socket that is not the core's: those all have handlers. */
export function blame(error: unknown, folder: string): Blame {
  const files = filesOf(error);
  if (files.some((file) => isUnder(file, folder) && !isCore(file) && !file.includes(`${path.sep}node_modules${path.sep}`))) return "plugin";
  if (files.some(isCore)) return "core";
  return files.length > 0 || isSystemError(error) ? "plugin" : "core";
}

function filesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const places = [...stack.matchAll(/^\s*at (?:.*\()?((?:file:\/\/)?\/.+?|[A-Za-z]:\\.+?):\d+:\d+\)?$/gm)];
  return places.map(([, place = ""]) => (place.startsWith("file:") ? fileURLToPath(place) : place));
}

function isCore(file: string): boolean {
  return isUnder(file, path.join(packageFolder, "core")) || isUnder(file, path.join(packageFolder, "dist", "core"));
}

function isUnder(file: string, folder: string): boolean {
  const way = path.relative(folder, file);
  return way !== "" && !way.startsWith("..") && !path.isAbsolute(way);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function fields(error: unknown): object {
  const stack = error instanceof Error ? error.stack : undefined;
  return stack === undefined ? { reason: reasonOf(error) } : { reason: reasonOf(error), stack };
}
