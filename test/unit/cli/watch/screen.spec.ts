import { expect } from "chai";
import { fit } from "../../../../core/cli/watch/fit.ts";
import { Screen } from "../../../../core/cli/watch/screen.ts";

const begin = [""];

/** What a terminal shows of what is written to it: as much of ECMA-48 as a screen uses. */
class FakeTerminal {
  lines: string[] = [...begin];
  cursorShown = true;
  #row = 0;
  #column = 0;
  /** What the main screen has while another is shown. */
  #main: { readonly lines: string[]; readonly row: number } | undefined;

  constructor(
    public columns: number,
    public rows: number,
  ) {}

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex -- what a terminal is steered with
    for (const [piece] of text.matchAll(/\u001b\[\??[\d;]*[a-zA-Z]|[\s\S]/gu)) {
      if (piece.startsWith("\u001b")) this.#obey(piece);
      else this.#print(piece);
    }
  }

  #obey(order: string): void {
    if (order === "\u001b[H") [this.#row, this.#column] = [0, 0];
    if (order === "\u001b[K") this.lines[this.#row] = (this.lines[this.#row] ?? "").slice(0, this.#column);
    if (order === "\u001b[J") this.lines.splice(this.#row + 1);
    if (order.startsWith("\u001b[?25")) this.cursorShown = order.endsWith("h");
    if (order === "\u001b[?1049h") {
      this.#main = { lines: this.lines, row: this.#row };
      [this.lines, this.#row, this.#column] = [[...begin], 0, 0];
    }
    if (order === "\u001b[?1049l" && this.#main !== undefined)
      [this.lines, this.#row, this.#column] = [this.#main.lines, this.#main.row, 0];
  }

  #print(character: string): void {
    if (character === "\n") this.#row += 1;
    if (character === "\r" || character === "\n") {
      this.#column = 0;
      return;
    }
    const line = this.lines[this.#row] ?? "";
    this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }
}

describe("a table that is drawn in its place", () => {
  it("replaces what was drawn before, also what was longer or higher", () => {
    const terminal = new FakeTerminal(40, 10);
    const screen = new Screen(terminal);
    screen.draw(["one, long", "two", "three"]);
    expect(terminal.lines).to.deep.equal(["one, long", "two", "three"]);
    screen.draw(["1", "2"]);
    expect(terminal.lines).to.deep.equal(["1", "2"]);
    screen.draw(["1", "2", "3"]);
    expect(terminal.lines).to.deep.equal(["1", "2", "3"]);
  });

  it("leaves what the terminal showed before, and at the end the last lines below it", () => {
    const terminal = new FakeTerminal(40, 10);
    terminal.write("$ sluice status --watch\n");
    const screen = new Screen(terminal);
    screen.draw(["1", "2"]);
    expect(terminal.cursorShown).to.equal(false);
    screen.suspend();
    expect([terminal.lines, terminal.cursorShown]).to.deep.equal([["$ sluice status --watch"], true]);
    screen.redraw();
    expect([terminal.lines, terminal.cursorShown]).to.deep.equal([["1", "2"], false]);
    screen.close();
    expect([terminal.lines, terminal.cursorShown]).to.deep.equal([["$ sluice status --watch", "1", "2"], true]);
  });

  it("is never wider nor higher than the terminal, whose size may change", () => {
    const terminal = new FakeTerminal(10, 4);
    const screen = new Screen(terminal);
    screen.draw(["wider than ten", "2", "3", "4", "5", "6"]);
    expect(terminal.lines).to.deep.equal(["wider tha…", "2", "3", "  … 3 mor…"]);
    [terminal.columns, terminal.rows] = [14, 2];
    screen.redraw();
    expect(terminal.lines).to.deep.equal(["wider than ten", "  … 5 more li…"]);
  });

  it("draws in a terminal that has no size", () => {
    const terminal = new FakeTerminal(0, 0);
    new Screen(terminal).draw(["as wide as 80 columns"]);
    expect(terminal.lines).to.deep.equal(["as wide as 80 columns"]);
  });

  it("cuts what is seen, not colours, and ends them", () => {
    expect(fit("\u001b[1mabcdef\u001b[22m", 6)).to.equal("\u001b[1mabcdef\u001b[22m");
    expect(fit("\u001b[1mabcdef\u001b[22m", 4)).to.equal("\u001b[1mabc…\u001b[0m");
    expect(fit("abcdef", 4)).to.equal("abc…");
  });

  it("cuts at the columns that characters take, and never within one that people see as one", () => {
    expect(fit("日本語", 6)).to.equal("日本語");
    expect(fit("日本語", 5)).to.equal("日本…");
    expect(fit("日本語", 4)).to.equal("日…");
    expect(fit("e\u0301e\u0301e\u0301", 3), "accents of their own").to.equal("e\u0301e\u0301e\u0301");
    expect(fit("👩‍👩‍👧x👩‍👩‍👧", 4)).to.equal("👩‍👩‍👧x…");
  });
});
