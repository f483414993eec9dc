import { expect } from "chai";
import { definePlugin, SluiceError } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { startProxy } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";

const cleanup = createCleanup();

/** Each is what `session.close` is given, by a plugin in JavaScript, and what the session's record says then. */
const closings: readonly (readonly [title: string, given: unknown, reason: string, message: string | undefined])[] = [
  ["nothing", undefined, "SLUICE_CLOSED", undefined],
  ["null", null, "SLUICE_CLOSED", undefined],
  ["an error of Sluice", new SluiceError("SLUICE_CLIENT_REJECTED", "no"), "SLUICE_CLIENT_REJECTED", undefined],
  ["an Error", new Error("no way"), "SLUICE_PLUGIN_FAILED", "closed by a plugin: no way"],
  ["a text", "no way", "SLUICE_PLUGIN_FAILED", "closed by a plugin: no way"],
  ["an error of the system", Object.assign(new Error("gone"), { code: "ENOENT" }), "SLUICE_PLUGIN_FAILED", "closed by a plugin: gone"],
];

describe("a session that a plugin closes", () => {
  afterEach(() => cleanup.run());

  for (const [title, given, reason, message] of closings) {
    it(`with ${title} has the reason ${reason} in its record`, async () => {
      const closes = definePlugin("closes", () => ({
        fromClient: (data, session) =>
          data.pipe(
            each((chunk) => {
              session.signal.addEventListener("abort", () => aborted.push(session.signal.reason));
              session.close(given as SluiceError | undefined);
              return chunk;
            }),
          ),
      }));
      const aborted: unknown[] = [];
      const proxy = cleanup.keep(await startProxy({ plugins: [closes(), echo()] }));
      const client = await proxy.connect(undefined, { timeout: 10_000 });
      client.write("x").catch(() => undefined);
      const record = await proxy.nextRecord({ timeout: 10_000 });
      expect(record.reason).to.equal(reason);
      expect(aborted).to.have.lengthOf(1);
      if (message !== undefined) expect((aborted[0] as SluiceError).detail).to.equal(message);
    });
  }
});
