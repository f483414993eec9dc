import { reasonOf, textOf, type Logger } from "../../contract/index.ts";
import { excerptAt, placeOfAuthor } from "../../runtime/log/author-place.ts";
import { Repeats } from "../../runtime/log/repeats.ts";
import { culprit } from "../../runtime/log/whose-code.ts";

/** The kind of the uncaught value. */
type Uncaught = "error" | "rejection";

const words: Readonly<Record<Uncaught, string>> = {
  error: "nobody caught an error",
  rejection: "a promise was rejected and nobody caught it",
};

/**
 * Handles uncaught errors of the process. An error in a plugin's own timer or forgotten promise is logged, and the proxy continues:
 * one plugin must not end all sessions. An error of the core is fatal, because the state after it is unknown.
 *
 * @param isReadable whether people read the log, so that it shows the lines of source around an error
 * @param stop drains and ends the process with exit code 1
 */
export function guardProcess(logger: Logger, isReadable: () => boolean, stop: () => void): void {
  const plugins = new Repeats();
  let dying = false;
  const meet = (thrown: unknown, what: Uncaught): void => {
    if (culprit(thrown) === "plugin") {
      const message = `${words[what]}, in a plugin's own timer, socket or promise: the proxy goes on`;
      const fields = fieldsOf(thrown, isReadable());
      plugins.happened(`${message} ${fields.where} ${fields.reason}`, (count) => {
        if (count === 0) logger.error(fields, message);
        else logger.error({ reason: fields.reason, where: fields.where, count }, `${message}: ${count} more times`);
      });
      return;
    }
    logger.fatal(
      { ...fieldsOf(thrown, false), stack: textOf(thrown, "stack") },
      `${words[what]}, in Sluice itself: the proxy drains and stops`,
    );
    if (dying) process.exit(1);
    dying = true;
    stop();
  };
  process.on("unhandledRejection", (reason) => {
    meet(reason, "rejection");
  });
  process.on("uncaughtException", (error: unknown) => {
    meet(error, "error");
  });
}

function fieldsOf(thrown: unknown, isReadable: boolean) {
  const where = placeOfAuthor(thrown);
  return { reason: reasonOf(thrown), where, frame: isReadable ? excerptAt(where) : undefined, stack: textOf(thrown, "stack") };
}
