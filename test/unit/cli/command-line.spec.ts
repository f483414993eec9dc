import { expect } from "chai";
import { SluiceError } from "../../../core/contract/index.ts";
import { parseCommandLine } from "../../../core/cli/command-line.ts";

describe("the command line", () => {
  it("has defaults: proxy.config.ts, watched, for people", () => {
    expect(parseCommandLine(["start"])).to.deep.equal({
      command: "start",
      options: { config: "proxy.config.ts", json: false, watch: true },
    });
  });

  it("reads -c and --config, --no-watch and --json", () => {
    expect(parseCommandLine(["start", "-c", "a.ts", "--no-watch"])?.options).to.deep.equal({ config: "a.ts", json: false, watch: false });
    expect(parseCommandLine(["status", "--config=b.ts", "--json"])?.options).to.deep.equal({ config: "b.ts", json: true, watch: true });
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["strat", 'unknown command "strat", did you mean "start"?'],
    ["123", 'unknown command "123"'],
    ["--json", "expected a command: start, check, plan, reload, status, init"],
    ["check --jsno", 'unknown option --jsno, did you mean "--json"?'],
    ["start --wacth", 'unknown option --wacth, did you mean "--no-watch"?'],
    ["start --json", "unknown option --json"],
    ["start -c", "value is missing"],
    ["start -c a.ts -c b.ts", "-c was given more than once"],
    ["start other.config.ts", "Unused args: `other.config.ts`"],
  ];
  for (const [line, message] of wrong) {
    it(`refuses "${line}" with a hint`, () => {
      expect(() => parseCommandLine(line.split(" ")))
        .to.throw(message)
        .and.satisfy((error: unknown) => SluiceError.is(error) && error.code === "SLUICE_USAGE");
    });
  }
});
