import { expect } from "chai";
import { lastValueFrom } from "rxjs";
import { createDialer } from "../../../core/net/dial/dialer.ts";
import { freePort } from "../../support/sockets.ts";
import { withEchoServer } from "../../support/with-echo-server.ts";
import { at, clockAt, context, target } from "./dialling.ts";

describe("the dialer, asked for one endpoint at a time", () => {
  it("chooses in turn, and one that was not tried while there is any", () => {
    const dialer = createDialer(target(at(1), at(2), at(3)), context());
    const names = [dialer.choose(), dialer.choose(), dialer.choose(), dialer.choose()].map(({ name }) => name);
    expect(names).to.deep.equal([at(1), at(2), at(3), at(1)].map(({ text }) => text));
    expect(dialer.choose(new Set([at(2).text, at(3).text])).name).to.equal(at(1).text);
    expect(dialer.choose(new Set([1, 2, 3].map((port) => at(port).text))).name).to.equal(at(2).text);
  });

  it("has one way to an endpoint, which another dialer does not share", () => {
    const [one, other] = [createDialer(target(at(1)), context()), createDialer(target(at(1)), context())];
    expect(one.choose().attempt).to.equal(one.choose().attempt);
    expect(one.choose().attempt).to.not.equal(other.choose().attempt);
  });

  it("counts work, and not connections, for least-connections", () => {
    const dialer = createDialer({ ...target(at(1), at(2)), balance: "least-connections" }, context());
    const [first, second] = [dialer.choose(), dialer.choose()];
    expect([first.name, second.name]).to.deep.equal([at(1).text, at(2).text]);
    second.done(false);
    expect(dialer.choose().name).to.equal(at(2).text);
    first.done(false);
    expect(dialer.choose().name).to.equal(at(1).text);
  });

  it("chooses one that failed last, for a while", () => {
    let now = 0;
    const dialer = createDialer(target(at(1), at(2)), context({ clock: clockAt(() => now) }));
    dialer.choose().done(true);
    expect([dialer.choose().name, dialer.choose().name]).to.deep.equal([at(2).text, at(2).text]);
    now = 10_000;
    expect([dialer.choose().name, dialer.choose().name]).to.deep.equal([at(1).text, at(2).text]);
  });

  it("opens a leg with each subscription, or says why it cannot", async () => {
    await withEchoServer(async (upstream) => {
      const chosen = createDialer(target(at(upstream.port)), context()).choose();
      for (const wanted of [1, 2]) {
        const { leg, endpoint } = await lastValueFrom(chosen.attempt);
        expect([endpoint, upstream.connections <= wanted]).to.deep.equal([chosen.name, true]);
        leg.destroy();
      }
    });
    const refused = createDialer(target(at(await freePort())), context()).choose();
    expect(String(await lastValueFrom(refused.attempt).catch((error: unknown) => error))).to.include("SLUICE_UPSTREAM_REFUSED");
  });
});
