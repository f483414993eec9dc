import { expect } from "chai";
import { createProxy, SluiceError, type Logger } from "sluice";
import { echo } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { recordLog } from "../support/recorded-log.ts";

const config = { listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } };

async function refusalOf(logger: unknown): Promise<SluiceError> {
  try {
    await (await createProxy(config, { logger: logger as Logger })).close();
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("A logger of a program's own", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("gets the records", async () => {
    const log = recordLog();
    cleanup.keep(await createProxy(config, { logger: log.logger }));
    expect(log.of("listening")).to.have.length(1);
  });

  it("is refused if it lacks a method, which is named", async () => {
    const { code, message } = await refusalOf(console);
    expect(code).to.equal("SLUICE_CONFIG_INVALID");
    expect(message).to.include(
      "createProxy: logger: expected a logger with pino's methods, but it has no fatal, no child, no isLevelEnabled",
    );
    const partial: unknown = Object.create(recordLog().logger, { isLevelEnabled: { value: undefined } });
    expect((await refusalOf(partial)).message).to.include("it has no isLevelEnabled");
    expect((await refusalOf(null)).code).to.equal("SLUICE_CONFIG_INVALID");
  });
});
