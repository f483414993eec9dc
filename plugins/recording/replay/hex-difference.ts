const WIDTH = 16;
const MOST_LINES = 16;

/** Both texts in hex, aligned, from the first line that differs. */
export function hexDifference(recorded: Buffer, given: Buffer): string {
  const lines = Math.ceil(Math.max(recorded.length, given.length) / WIDTH);
  const lineOf = (bytes: Buffer, line: number): Buffer => bytes.subarray(line * WIDTH, (line + 1) * WIDTH);
  const all = Array.from({ length: lines }, (_, line) => line);
  const first = all.findIndex((line) => !lineOf(recorded, line).equals(lineOf(given, line)));
  if (first === -1) return "nothing differs";
  const shown = all.slice(first, first + MOST_LINES).flatMap((line) => {
    const [left, right] = [lineOf(recorded, line), lineOf(given, line)];
    const at = (line * WIDTH).toString(16).padStart(6, "0");
    return left.equals(right) ? [`  ${at}  ${hexOf(left)}`] : [`- ${at}  ${hexOf(left)}`, `+ ${at}  ${hexOf(right)}`];
  });
  return ["- recorded, + came", ...shown].join("\n");
}

function hexOf(bytes: Buffer): string {
  const hex = bytes.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ");
  return `${hex.padEnd(WIDTH * 3 - 1)}  ${bytes.toString("latin1").replaceAll(/[^\x20-\x7e]/g, ".")}`;
}
