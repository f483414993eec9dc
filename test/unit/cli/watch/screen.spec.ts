import { expect } from "chai";
import { fit } from "../../../../core/cli/watch/fit.ts";
import { Screen } from "../../../../core/cli/watch/screen.ts";

/** What a terminal shows of what is written to it: as much of ECMA-48 as a screen uses. */
class FakeTerminal {
  readonly lines: string[] = [""];
  cursorShown = true;
  #row = 0;
  #column = 0;

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
    if (order.endsWith("A")) this.#row -= Number(order.slice(2, -1));
    if (order === "\u001b[K") this.lines[this.#row] = (this.lines[this.#row] ?? "").slice(0, this.#column);
    if (order === "\u001b[J") this.lines.splice(this.#row);
    if (order.startsWith("\u001b[?25")) this.cursorShown = order.endsWith("h");
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
    terminal.write("$ sluice status --watch\n");
    const screen = new Screen(terminal);
    screen.draw(["one, long", "two", "three"]);
    expect(terminal.lines).to.deep.equal(["$ sluice status --watch", "one, long", "two", "three"]);
    screen.draw(["1", "2"]);
    expect(terminal.lines).to.deep.equal(["$ sluice status --watch", "1", "2"]);
    screen.draw(["1", "2", "3"]);
    expect(terminal.lines).to.deep.equal(["$ sluice status --watch", "1", "2", "3"]);
    expect(terminal.cursorShown).to.equal(false);
    screen.close();
    expect(terminal.cursorShown).to.equal(true);
  });

  it("is never wider nor higher than the terminal", () => {
    const terminal = new FakeTerminal(10, 5);
    const screen = new Screen(terminal);
    screen.draw(["wider than ten", "2", "3", "4", "5", "6"]);
    expect(terminal.lines).to.deep.equal(["wider tha…", "2", "3", "  … 3 mor…"]);
    terminal.rows = 3;
    screen.draw(["1", "2", "3", "4"]);
    expect(terminal.lines.slice(-2)).to.deep.equal(["1", "  … 3 mor…"]);
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
});
