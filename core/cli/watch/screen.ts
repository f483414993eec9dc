import { fit } from "./fit.ts";

// ECMA-48: move the cursor to the top, erase to the end of the line and of the screen. DEC: another screen, which leaves what the terminal showed
// before as it was; lines that are too long go on in the next line, or do not; show or hide the cursor.
const enter = "\u001b[?1049h\u001b[?7l\u001b[?25l";
const leave = "\u001b[?7h\u001b[?1049l\u001b[?25h";
const toTop = "\u001b[H";
const eraseLine = "\u001b[K";
const eraseBelow = "\u001b[J";

/** The used part of a terminal. */
export interface ScreenStream {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** Lines that are drawn again and again in the same place, on a screen of their own. At the end the last ones are written where the command began. */
export class Screen {
  #lines: readonly string[] = [];
  #isOpen = false;

  constructor(private readonly stream: ScreenStream) {}

  // A terminal without a known size reports 0.
  get columns(): number {
    return this.stream.columns > 0 ? this.stream.columns : 80;
  }

  get #rows(): number {
    return this.stream.rows > 0 ? this.stream.rows : 24;
  }

  /** Replaces the lines that were drawn last. Lines that do not fit into the terminal are cut. */
  draw(lines: readonly string[]): void {
    this.#lines = lines;
    this.redraw();
  }

  /** Draws the same lines again, since the terminal has another size or shows something else. */
  redraw(): void {
    const text = this.#seen(this.#rows).join(`${eraseLine}\r\n`);
    this.stream.write(`${this.#isOpen ? "" : enter}${toTop}${text}${eraseLine}${eraseBelow}`);
    this.#isOpen = true;
  }

  /** Gives the terminal back as it was, for a while or for good. */
  suspend(): void {
    if (this.#isOpen) this.stream.write(leave);
    this.#isOpen = false;
  }

  /** Gives the terminal back, with the last lines and the cursor below them. */
  close(): void {
    this.suspend();
    const seen = this.#seen(this.#rows - 1);
    this.stream.write(seen.map((line) => `${line}\n`).join(""));
  }

  #seen(rows: number): readonly string[] {
    const room = Math.max(1, rows);
    const all = this.#lines;
    const seen = all.length <= room ? all : [...all.slice(0, room - 1), `  … ${all.length - room + 1} more lines`];
    return seen.map((line) => fit(line, this.columns));
  }
}
