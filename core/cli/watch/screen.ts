import { fit } from "./fit.ts";

// ECMA-48: cursor up, erase to the end of the line and of the screen; DEC: the cursor shown or not.
const up = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A`);
const eraseLine = "\u001b[K";
const eraseBelow = "\u001b[J";
const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

/** A terminal, as far as it is needed. */
export interface ScreenStream {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** Lines that are drawn again and again in their place, below what stands in the terminal already. */
export class Screen {
  #drawn = 0;

  constructor(private readonly stream: ScreenStream) {}

  /** Draws over what was drawn last. What is wider or higher than the terminal is cut. */
  draw(lines: readonly string[]): void {
    // A terminal that was made without a size says 0.
    const columns = this.stream.columns > 0 ? this.stream.columns : 80;
    const rows = this.stream.rows > 0 ? this.stream.rows : 24;
    const room = Math.max(1, rows - 1);
    const seen = lines.length <= room ? lines : [...lines.slice(0, room - 1), `  … ${lines.length - room + 1} more lines`];
    const text = seen.map((line) => `${fit(line, columns)}${eraseLine}\n`).join("");
    // A terminal that has become smaller has moved what was drawn: no further up than its top.
    this.stream.write(`${hideCursor}${up(Math.min(this.#drawn, room))}\r${text}${eraseBelow}`);
    this.#drawn = seen.length;
  }

  /** Leaves what is drawn, and the cursor below it. */
  close(): void {
    this.stream.write(showCursor);
  }
}
