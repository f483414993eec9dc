import colors from "picocolors";

type Colors = ReturnType<typeof colors.createColors>;

/** Where text for people goes. A stream that breaks (the reader of a pipe has gone) swallows the rest. */
export interface Terminal {
  /** Colours when the stream is a terminal and NO_COLOR is not set; else they change nothing. */
  readonly colors: Colors;
  readonly interactive: boolean;
  line(text: string): void;
}

/** Makes the face of standard output or standard error. @param to takes its lines, where they go another way than by the stream */
export function createTerminal(stream: NodeJS.WriteStream, to: { write(text: string): unknown } = stream): Terminal {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const wanted = (stream.isTTY && TERM !== "dumb") || isSet(FORCE_COLOR);
  return {
    colors: colors.createColors(wanted && !isSet(NO_COLOR)),
    interactive: stream.isTTY,
    line: (text) => void to.write(`${text}\n`),
  };
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "0";

/** A broken pipe behind standard output or error must not end a proxy that serves. */
export function surviveBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}
