import { expect } from "chai";
import { createProxy, definePlugin, SluiceError, type ListenerConfig } from "sluice";
import { slicer } from "sluice/faults";
import { route, tlsTermination } from "sluice/plugins";
import { refusalOf } from "../support/rejection.ts";

const own = definePlugin("own", () => {
  throw new SluiceError("SLUICE_CONFIG_INVALID", "wants more");
});

/** What a plugin refuses when it is built: the listener, and the place that its error is to name. */
const refusals: Readonly<Record<string, readonly [ListenerConfig, RegExp]>> = {
  "a fault on the wrong transport": [
    { listen: "udp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [slicer({ size: 5 })] },
    /^listeners\.web\.plugins\[0\]$/,
  ],
  "a certificate that cannot be read": [
    { listen: "tls://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [tlsTermination({ cert: "nowhere.pem", key: "nowhere.pem" })] },
    /^listeners\.web\.plugins\[0\]/,
  ],
  "an upstream that needs a stream": [
    {
      listen: "udp://127.0.0.1:0",
      upstream: "127.0.0.1:9",
      plugins: [route({ routes: [{ serverName: "a.test", upstream: "unix:/a" }] })],
    },
    /^listeners\.web\.plugins\[0\]/,
  ],
  "a plugin of one's own, which may be what is wrong": [
    { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [own()] },
    /place-of-refusals\.spec\.ts:\d+:\d+$/,
  ],
};

describe("the place that is named when a plugin refuses something", () => {
  for (const [title, [web, place]] of Object.entries(refusals)) {
    it(`is in the config or in the author's code, and not in the code of Sluice: ${title}`, async () => {
      const error = await refusalOf(createProxy({ listeners: { web } }));
      expect(error.where).to.match(place);
      expect(error.message).to.include("listeners.web.plugins[0]");
    });
  }
});
