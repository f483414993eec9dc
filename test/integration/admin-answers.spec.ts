import { expect } from "chai";
import { operations } from "../../core/admin/operations/operations.ts";
import { operationOf } from "../support/answer-schema.ts";
import { createCleanup } from "../support/cleanup.ts";
import { readBytes } from "../support/sockets.ts";
import { Workers } from "../support/workers.ts";
import type { AdminApi } from "../support/with-admin.ts";

const config = (workers: number, trial: boolean): string => `
import { defineConfig, definePlugin } from "sluice";
import { echo, latency } from "sluice/plugins";
import { each } from "sluice/flow";
const mark = definePlugin("mark", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
export default defineConfig({
  workers: ${workers},
  admin: { listen: "tcp://127.0.0.1:0" },
  reload: { trial: ${trial ? '{ for: "1h" }' : "false"} },
  listeners: {
    web: {
      listen: "tcp://127.0.0.1:0",
      plugins: [mark({ enabled: true }), ${trial ? "mark({ name: 'more' })," : ""} echo()],
      limits: { sessions: 100, queue: { max: 3, timeout: "1s" } },
      timeouts: { idle: "1h" },
      socket: { keepAlive: "10s" },
    },
    other: { listen: "tcp://127.0.0.1:0", upstream: ["127.0.0.1:1", { address: "127.0.0.1:2", backup: true }] },
    datagrams: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
  },
});
`;

/** Asks for everything, in an order in which it is there. Each answer is compared with its schema by {@link AdminApi.call}. */
async function askForEverything(
  api: AdminApi,
  id: () => Promise<number>,
  save: (text: string) => Promise<void>,
  workers: number,
): Promise<Set<string>> {
  const asked = new Set<string>();
  const call = async (method: string, path: string, json?: object): Promise<void> => {
    const { status, body } = await api.call(method, path, json === undefined ? {} : { json });
    expect(status, `${method} ${path}: ${body}`).to.equal(200);
    asked.add(operationOf(method, path)?.name ?? path);
  };
  const session = `sessions/${await id()}`;
  for (const path of ["status", "listeners", "listeners/web", "listeners/datagrams", "listeners/web/plugins/mark", "upstreams", "config"])
    await call("GET", path);
  await call("PATCH", "listeners/web/plugins/mark", { enabled: false });
  for (const path of ["overrides", "generations", "status"]) await call("GET", path);
  await call("POST", "overrides/web/mark/write", {});
  await call("PATCH", "listeners/web/plugins/mark", { enabled: true });
  await call("DELETE", "overrides/web/mark");
  await call("POST", "generations/1/restore", {});
  await call("POST", "plan", {});
  await call("POST", "reload", {});
  await call("GET", `${session}?watch=50ms`);
  for (const [what, more] of [
    ["hold", {}],
    ["release", {}],
    ["inject", { text: "x" }],
  ] as const)
    await call("POST", `${session}/${what}`, { direction: "fromClient", ...more });
  for (const kind of ["captures", "recordings"]) {
    await call("POST", kind, { listener: "web", name: `all.${kind === "captures" ? "pcapng" : "yaml"}` });
    await call("GET", kind);
    await call("DELETE", `${kind}/all.${kind === "captures" ? "pcapng" : "yaml"}`, {});
    await call("GET", kind);
  }
  await call("DELETE", session, {});
  await call("GET", "sessions?limit=1");
  await call("GET", session);
  await save(config(workers, true));
  for (const path of ["status", "generations"]) await call("GET", path);
  const { generation } = (await api.get<{ trial: { generation: number } }>("status")).trial;
  await call("POST", `generations/${generation}/accept`, {});
  await call("GET", "openapi.json");
  return asked;
}

describe("the answers of the admin API", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const workers of [1, 2])
    it(`are what openapi.json says of them, with ${workers} worker${workers === 1 ? "" : "s"}`, async () => {
      const started = await Workers.start(cleanup, config(workers, false));
      for (let count = 0; count < 3; count += 1) {
        const socket = await started.open("web");
        socket.write("abc");
        await readBytes(socket, 3);
      }
      const id = async (): Promise<number> => (await started.api.get<{ sessions: { id: number }[] }>("sessions")).sessions[0]?.id ?? 0;
      const save = (text: string): Promise<void> => {
        started.folder.write("proxy.config.ts", text);
        return started.cli.line(/^trying/).then(() => undefined);
      };
      const asked = await askForEverything(started.api, id, save, workers);
      const all = operations.filter(({ answer }) => answer !== "stream").map(({ name }) => name);
      expect([...asked].toSorted()).to.deep.equal(all.toSorted());
    });
});
