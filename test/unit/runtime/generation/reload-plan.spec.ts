import { expect } from "chai";
import type { ResolvedListener, SluiceConfig } from "sluice";
import { resolveConfig } from "../../../support/resolve-config.ts";
import { planReload, type RunningListener } from "../../../../core/runtime/generation/reload-plan.ts";
import { plugin } from "../../../support/with-proxy.ts";

type Listeners = SluiceConfig["listeners"];

const resolved = (listeners: Listeners): readonly ResolvedListener[] => resolveConfig({ listeners }).listeners;
const use = plugin("p", {});
const at = (listen: string, more: Partial<Listeners[string]> = {}): Listeners[string] => ({ listen, plugins: [use], ...more });

/** The lines of the plan from one config to the next. */
function planned(before: Listeners, after: Listeners, rebuild = false): string[] {
  const running = new Map(
    resolved(before).map((config): [string, RunningListener] => [
      config.name,
      { config, bound: { ...config.address, port: config.address.port === 0 ? 4321 : config.address.port }, sessions: 2 },
    ]),
  );
  const { steps } = planReload(running, resolved(after), rebuild);
  return steps.map(({ listener, action, detail, sessions }) => `${action} ${listener} (${sessions}): ${detail}`);
}

const tcp = "tcp://127.0.0.1:1";
const udp = "udp://127.0.0.1:1";

describe("the plan of a reload", () => {
  it("keeps what did not change, and tells of an upstream that did", () => {
    expect(planned({ a: at(tcp) }, { a: at(tcp) })).to.deep.equal(["keep a (2): unchanged"]);
    expect(planned({ a: at(tcp) }, { a: at(tcp, { upstream: "127.0.0.1:2" }) })).to.deep.equal([
      "keep a (2): same pipeline; new sessions go to the new upstream",
    ]);
    expect(planned({ a: at(tcp) }, { a: at(tcp) }, true)).to.deep.equal(["swap a (2): new pipeline, for open sessions too"]);
  });

  it("says by the policy of the new config what happens to open sessions", () => {
    const other = { plugins: [plugin("q", {})] };
    const by = (sessions: "swap" | "keep" | "drain" | "close"): string[] =>
      planned({ a: at(tcp) }, { a: at(tcp, { ...other, reload: { sessions, deadline: "1s" } }) });
    expect([by("swap"), by("keep"), by("drain"), by("close")].flat()).to.deep.equal([
      "swap a (2): new pipeline, for open sessions too",
      "keep a (2): new pipeline for new sessions; open ones keep the old until they end",
      "drain a (2): new pipeline for new sessions; open ones keep the old, and have at most 1000 ms",
      "close a (2): new pipeline for new sessions; open ones are closed",
    ]);
  });

  it("drains a listener that goes or moves, and closes the flows of a UDP one", () => {
    const drained = { reload: { deadline: "1s" } } as const;
    expect(planned({ a: at(tcp, drained), b: at(udp) }, { c: at("tcp://127.0.0.1:2") })).to.deep.equal([
      "drain a (2): leaves tcp://127.0.0.1:1; open sessions have at most 1000 ms",
      "close b (2): leaves udp://127.0.0.1:1; its open flows end",
      "bind c (0): binds tcp://127.0.0.1:2",
    ]);
    expect(planned({ a: at(tcp, drained) }, { a: at("tcp://127.0.0.1:2") })).to.deep.equal([
      "drain a (2): moves from tcp://127.0.0.1:1 to tcp://127.0.0.1:2; open sessions have at most 1000 ms",
      "bind a (0): binds tcp://127.0.0.1:2",
    ]);
  });

  it("goes on with the sessions where an address overlaps the one before, or is the same in another spelling", () => {
    expect(planned({ a: at(tcp) }, { a: at("tcp://0.0.0.0:1") })).to.deep.equal([
      "keep a (2): binds tcp://0.0.0.0:1 in place of tcp://127.0.0.1:1; open sessions live on",
    ]);
    expect(planned({ a: at(tcp) }, { a: at("tcp://localhost:1") })).to.deep.equal(["keep a (2): unchanged"]);
    expect(planned({ a: at("tcp://[::1]:1") }, { a: at("tcp://[0:0:0:0:0:0:0:1]:1", { plugins: [] }) })).to.deep.equal([
      "swap a (2): new pipeline, for open sessions too",
    ]);
    expect(planned({ a: at(tcp), b: at("tcp://127.0.0.2:1") }, { b: at("tcp://[::]:1") })).to.deep.equal([
      "drain a (2): leaves tcp://127.0.0.1:1; open sessions have at most 30000 ms",
      "keep b (2): binds tcp://[::]:1 in place of tcp://127.0.0.2:1; open sessions live on",
    ]);
  });

  it("binds nothing where a socket is handed over: to another name, to TLS, to the port that 0 became", () => {
    const renamed = planned({ a: at(tcp) }, { b: at(tcp) });
    expect(renamed[1]).to.equal("bind b (0): serves tcp://127.0.0.1:1 on the socket of a, which stays bound");
    const encrypted = planned({ a: at(tcp) }, { a: at("tls://127.0.0.1:1", { upstream: "127.0.0.1:2" }) });
    expect(encrypted[1]).to.equal("bind a (0): serves tls://127.0.0.1:1 on the socket of a, which stays bound");
    const pinned = planned({ a: at("tcp://127.0.0.1:0") }, { a: at("tcp://127.0.0.1:4321") });
    expect(pinned, "it goes on").to.deep.equal(["keep a (2): unchanged"]);
    const another = planned({ a: at("tcp://127.0.0.1:0") }, { b: at("tcp://127.0.0.1:0") });
    expect(another[1], "another's port 0 is another port").to.equal("bind b (0): binds tcp://127.0.0.1:0");
    const swapped = planned({ a: at(tcp), b: at("tcp://127.0.0.1:2") }, { a: at("tcp://127.0.0.1:2"), b: at(tcp) });
    expect(swapped.slice(2)).to.deep.equal([
      "bind a (0): serves tcp://127.0.0.1:2 on the socket of b, which stays bound",
      "bind b (0): serves tcp://127.0.0.1:1 on the socket of a, which stays bound",
    ]);
  });
});
