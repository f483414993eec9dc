import { expect } from "chai";
import colors from "picocolors";
import { SluiceError } from "sluice";
import { tellRefusal } from "../../../../core/cli/output/announce.ts";
import type { Terminal } from "../../../../core/cli/output/terminal.ts";
import { recordLog } from "../../../support/recorded-log.ts";

const error = new SluiceError("SLUICE_CONFIG_SYNTAX", "Expression expected\nhere", { where: "/a.ts:1:2", frame: "> 1 | ;" });
const line = "refused: /a.ts:1:2: Expression expected; here (SLUICE_CONFIG_SYNTAX: fix the syntax at the place shown and save again)";

/** What was written by whether standard output and standard error are terminals. */
function told(isOutput: boolean, isError: boolean): { out: string[]; err: string[]; log: unknown[] } {
  const terminal = (interactive: boolean): Terminal & { lines: string[] } => {
    const lines: string[] = [];
    return { lines, colors: colors.createColors(false), interactive, canMove: interactive, line: (text) => void lines.push(text) };
  };
  const [out, err] = [terminal(isOutput), terminal(isError)];
  const { logger, records } = recordLog();
  tellRefusal(error, out, err, logger);
  return { out: out.lines, err: err.lines, log: records.map(({ msg, message }) => [msg, message]) };
}

describe("a refusal", () => {
  it("is printed once, with the excerpt below it, where both streams go to the same terminal", () => {
    expect(told(true, true)).to.deep.equal({ out: [line], err: ["\n> 1 | ;"], log: [] });
  });

  it("is printed in full on the terminal when standard output is piped", () => {
    expect(told(false, true)).to.deep.equal({ out: [line], err: [`error: ${error.message}`, "\n> 1 | ;"], log: [] });
  });

  it("is one record in the log when there is no terminal", () => {
    expect(told(false, false)).to.deep.equal({ out: [line], err: [], log: [["reload refused", error.message]] });
  });
});
