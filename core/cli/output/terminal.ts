import colors from "picocolors";

type Colors = ReturnType<typeof colors.createColors>;

/** An output of text for people. When the stream breaks (the reader of a pipe is gone), the rest is dropped. */
export interface Terminal {
  /** Adds colours when the stream is a terminal and NO_COLOR is not set; otherwise it changes nothing. */
  readonly colors: Colors;
  readonly interactive: boolean;
  /** Whether its cursor can be moved. */
  readonly canMove: boolean;
  line(text: string): void;
}

/** Makes the terminal of standard output or standard error. @param to receives the lines, if not the stream itself */
export function createTerminal(stream: NodeJS.WriteStream, to: { write(text: string): unknown } = stream): Terminal {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const wanted = (stream.isTTY && TERM !== "dumb") || isSet(FORCE_COLOR);
  return {
    colors: colors.createColors(wanted && !isSet(NO_COLOR)),
    interactive: stream.isTTY,
    canMove: stream.isTTY && TERM !== "dumb",
    line: (text) => void to.write(`${text}\n`),
  };
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "0";

/** Ignores broken pipes of standard output and error, which must not end a serving proxy. */
export function surviveBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}
