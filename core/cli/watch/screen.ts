import { fit } from "./fit.ts";

// ECMA-48: move the cursor up, erase to the end of the line and of the screen; DEC: show or hide the cursor.
const up = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A`);
const eraseLine = "\u001b[K";
const eraseBelow = "\u001b[J";
const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

/** The used part of a terminal. */
export interface ScreenStream {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** Lines that are drawn again and again in the same place, below the earlier output of the terminal. */
export class Screen {
  #drawn = 0;

  constructor(private readonly stream: ScreenStream) {}

  /** Replaces the lines that were drawn last. Lines that do not fit into the terminal are cut. */
  draw(lines: readonly string[]): void {
    // A terminal without a known size reports 0.
    const columns = this.stream.columns > 0 ? this.stream.columns : 80;
    const rows = this.stream.rows > 0 ? this.stream.rows : 24;
    const room = Math.max(1, rows - 1);
    const seen = lines.length <= room ? lines : [...lines.slice(0, room - 1), `  … ${lines.length - room + 1} more lines`];
    const text = seen.map((line) => `${fit(line, columns)}${eraseLine}\n`).join("");
    // When the terminal became smaller, the drawn lines have moved: the cursor goes up only to the top.
    this.stream.write(`${hideCursor}${up(Math.min(this.#drawn, room))}\r${text}${eraseBelow}`);
    this.#drawn = seen.length;
  }

  /** Leaves the drawn lines, with the cursor below them. */
  close(): void {
    this.stream.write(showCursor);
  }
}
