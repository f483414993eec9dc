import { expect } from "chai";
import { startIdleSweep } from "../../../../core/runtime/state/idle-sweep.ts";
import type { ProxyState } from "../../../../core/runtime/state/proxy-state.ts";

const { setTimeout: set, clearTimeout: clear } = globalThis;

describe("The idle sweep", () => {
  const live = new Set<unknown>();

  beforeEach(() => {
    live.clear();
    globalThis.setTimeout = ((...given: Parameters<typeof set>) => {
      const timer = set(...given);
      live.add(timer);
      return timer;
    }) as typeof set;
    globalThis.clearTimeout = (timer) => {
      live.delete(timer);
      clear(timer);
    };
  });
  afterEach(() => {
    globalThis.setTimeout = set;
    globalThis.clearTimeout = clear;
  });

  it("has one timer, however often reloads change the idle time, and none when it is stopped", () => {
    const state = { shortestIdle: 60_000, sessions: [] };
    const sweep = startIdleSweep(state as unknown as ProxyState);
    for (const shortestIdle of [50_000, 40_000, 40_000]) {
      state.shortestIdle = shortestIdle;
      sweep.adjust();
      expect(live.size).to.equal(1);
    }
    sweep.stop();
    expect(live.size).to.equal(0);
  });
});
