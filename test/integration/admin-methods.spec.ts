import { expect } from "chai";
import { echo } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { startAdmin } from "../support/with-admin.ts";

describe("The admin server", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("names all methods that a path answers in a 405, HEAD among them", async () => {
    const { proxy, api } = await startAdmin({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
    cleanup.add(() => proxy.close());
    const allowed = async (method: string, path: string): Promise<unknown> => (await api.call(method, path)).headers.allow;
    expect(await allowed("DELETE", "status")).to.equal("GET, HEAD");
    expect((await api.call("HEAD", "status")).status).to.equal(200);
    expect(await allowed("GET", "reload")).to.equal("POST");
    expect(await allowed("POST", "events"), "no HEAD of what never ends").to.equal("GET");
    for (const path of ["/", "/metrics"]) {
      const { status, headers } = await ask(api.port, { method: "DELETE", path, headers: { authorization: `Bearer ${api.token}` } });
      expect([status, headers.allow]).to.deep.equal([405, "GET, HEAD"]);
    }
  });
});
