import { expect } from "chai";
import { exchange, exchangeOnce, isRefused } from "../support/exchange.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";
import { connect, freePort } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

const echoOn = (name: string, url: string): string => `${name}: { listen: "${url}", plugins: [echo()] },`;
const web = echoOn("web", "tcp://127.0.0.1:0");

describe("An address that cannot be bound", () => {
  it("refuses the reload, names the address and the path of the option, and no other address is bound", async () => {
    await withEchoServer(async (other) => {
      const free = await freePort();
      await withLiveConfig({ "proxy.config.ts": configText(web) }, async (folder) => {
        const open = await connect(folder.port("web"));
        const text = configText(web + echoOn("first", `tcp://127.0.0.1:${free}`) + echoOn("taken", `tcp://${other.endpoint}`));
        const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", text));
        if (outcome.type !== "refused") throw new Error("it was applied");
        expect(outcome.error.code).to.equal("SLUICE_ADDRESS_IN_USE");
        expect(outcome.error.message).to.include(other.endpoint).and.include("proxy.config.ts").and.include("listeners.taken.listen");
        expect(await isRefused(free), "the listener that could have been bound").to.equal(true);
        expect(await exchange(open, "open")).to.equal("open");
        expect(await exchangeOnce(folder.port("web"), "new")).to.equal("new");
        await folder.apply(configText(web + echoOn("first", `tcp://127.0.0.1:${free}`)));
        expect(await exchangeOnce(free, "good")).to.equal("good");
        open.destroy();
      });
    });
  });

  it("is tried again when the same text is saved after the address has become free", async () => {
    await withLiveConfig({ "proxy.config.ts": configText(web) }, async (folder) => {
      const { text, outcome, port } = await withEchoServer(async (other) => {
        const asking = configText(web + echoOn("late", `tcp://${other.endpoint}`));
        return { text: asking, outcome: await folder.outcomeOf(() => folder.write("proxy.config.ts", asking)), port: other.port };
      });
      expect(outcome.type).to.equal("refused");
      await folder.apply(text);
      expect(await exchangeOnce(port, "late")).to.equal("late");
      expect(folder.outcomes.map(({ type }) => type)).to.deep.equal(["refused", "reloaded"]);
    });
  });

  it("refuses two listeners on one address, and names both", async () => {
    await withLiveConfig({ "proxy.config.ts": configText(web) }, async (folder) => {
      const port = await freePort();
      const text = configText(web + echoOn("left", `tcp://127.0.0.1:${port}`) + echoOn("right", `tls://127.0.0.1:${port}`));
      const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", text));
      if (outcome.type !== "refused") throw new Error("it was applied");
      expect(outcome.error.code).to.equal("SLUICE_ADDRESS_DUPLICATE");
      expect(outcome.error.message).to.include("left").and.include("right").and.include("listeners.right.listen");
      expect(await exchangeOnce(folder.port("web"), "new")).to.equal("new");
    });
  });

  it("is refused, with the reason, if a unix socket is in a folder that does not exist", async () => {
    await withLiveConfig({ "proxy.config.ts": configText(web) }, async (folder) => {
      const inGone = configText(web + echoOn("local", `unix://${folder.folder}/gone/a.sock`));
      const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", inGone));
      if (outcome.type !== "refused") throw new Error("it was applied");
      expect(outcome.error.code).to.equal("SLUICE_ADDRESS_UNAVAILABLE");
      expect(outcome.error.message)
        .to.match(/proxy\.config\.ts:\d+:\d+: listeners\.local\.listen: /)
        .and.include(`there is no folder ${folder.folder}/gone, create it first`);
    });
  });

  it("does not refuse TCP and UDP on one port", async () => {
    await withLiveConfig({ "proxy.config.ts": configText(web) }, async (folder) => {
      const port = await freePort();
      await folder.apply(configText(web + echoOn("stream", `tcp://127.0.0.1:${port}`) + echoOn("datagrams", `udp://127.0.0.1:${port}`)));
      expect(folder.port("stream")).to.equal(folder.port("datagrams"));
    });
  });
});
