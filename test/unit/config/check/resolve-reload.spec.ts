import { expect } from "chai";
import { resolveConfig } from "../../../support/resolve-config.ts";
import type { SluiceError } from "../../../../core/contract/index.ts";
import { failureOf } from "../failure.ts";

const listen = "tcp://127.0.0.1:0";

function refusal(config: unknown): Promise<SluiceError> {
  return failureOf(() => resolveConfig(config, { file: "/app/proxy.config.ts" }));
}

describe("resolveConfig, of reload,", () => {
  it("gives a listener's reload precedence over that for all, and a trial its defaults", () => {
    const { listeners } = resolveConfig({
      reload: { sessions: "keep", deadline: "5s", trial: { share: 0.5, for: "2s" } },
      listeners: {
        asAll: { listen },
        own: { listen, reload: { sessions: "swap", trial: true } },
        none: { listen, reload: { trial: false }, timeouts: { drain: "1s" } },
      },
    });
    expect(listeners.map(({ reload }) => reload)).to.deep.equal([
      { sessions: "keep", deadlineMs: 5_000, trial: { share: 0.5, forMs: 2_000, faults: 3 } },
      { sessions: "swap", deadlineMs: 5_000, trial: { share: 0.1, forMs: 10_000, faults: 3 } },
      { sessions: "keep", deadlineMs: 5_000 },
    ]);
  });

  it("refuses a trial of nobody, of more than all, without faults or time, with the option's path", async () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ["reload.trial.share: expected more than 0", { share: 0 }],
      ["reload.trial.share: expected at most 1", { share: 1.5 }],
      ["reload.trial.for: expected more than 0", { for: 0 }],
      ["reload.trial.faults: expected at least 1", { faults: 0 }],
      ["reload.trial.shares: ", { shares: 1 }],
      ["reload.trial: ", "yes"],
    ];
    for (const [says, trial] of wrong) {
      const { message } = await refusal({ reload: { trial }, listeners: { web: { listen } } });
      expect(message).to.include(says);
    }
  });
});
