// A program with a proxy in it: starts one, sees what happens, changes its config while a connection is open, and ends it.
import { once } from "node:events";
import { connect } from "node:net";
import { createProxy, SluiceError, type SluiceConfig } from "sluice";
import { echo } from "sluice/plugins";
import { shout } from "./shout.ts";

const config = (isLoud: boolean): SluiceConfig => ({
  log: { level: "warn" },
  listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [shout({ enabled: isLoud }), echo()] } },
});

const proxy = await createProxy(config(false));

proxy.events.subscribe((event) => {
  if (event.type === "session-ended") console.log(`ended: ${event.record.reason}`);
});

const port = proxy.listeners["web"]?.address.port ?? 0;
const client = connect(port, "127.0.0.1").setEncoding("utf8");
const say = async (text: string): Promise<void> => {
  client.write(text);
  const [answer] = (await once(client, "data")) as [string];
  console.log(answer);
};

await say("hello");

// Resolves when the open sessions have taken the change.
await proxy.apply(config(true));
await say("hello");

try {
  await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:port" } } });
} catch (error) {
  // Refused: everything runs on as before.
  if (SluiceError.is(error)) console.log(error.code);
}
await say("still there");

client.end();
await once(client, "close");
// No new connections; open ones have ten seconds to end.
await proxy.close({ drain: "10s" });
