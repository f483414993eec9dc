import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the proxy of a size listens and sends to, and the name server that it asks. */
export interface Ports {
  readonly listen: number;
  readonly upstream: number;
  readonly names: number;
}

/** The text of a config in which there are so many of something. `edits` in it is another number with each save. */
type ConfigText = (count: number, ports: Ports) => string;

/** The one of many that a save changes. */
const changed = 7;

const web = ({ listen, upstream }: Ports): string => `listen: "tcp://127.0.0.1:${listen}", upstream: "127.0.0.1:${upstream}"`;
const only = (listener: string, more = ""): string => `{ ${more} listeners: { bench: { ${listener} } } }`;
const routes = (ports: Ports, count: number, route: string): string =>
  only(
    `listen: "tcp://127.0.0.1:${ports.listen}", plugins: [http({ routes: [
      ...many(${count}, (at) => ({ ${route}, upstream: "127.0.0.1:${ports.upstream}", ...(at === ${changed} ? { rewrite: "/" + edits } : {}) })),
      { path: "/", upstream: "127.0.0.1:${ports.upstream}" },
    ] })]`,
  );
const endpoints = ({ listen, upstream }: Ports, count: number, balance: string): string =>
  only(
    `listen: "tcp://127.0.0.1:${listen}", upstream: { balance: "${balance}", endpoints:
      many(${count}, (at) => ({ address: "e" + at + ".test:${upstream}", weight: at === ${changed} ? 1 + (edits % 5) : 1 })) }`,
    `dns: { hosts: Object.fromEntries(many(${count}, (at) => ["e" + at + ".test", ["127.0.0.1"]])) },`,
  );

/** By subject. */
const configs = {
  sessions: (_count, ports) => only(`${web(ports)}, plugins: [same({ edits })]`),
  // The measured one comes last: when it is bound, all are.
  listeners: (count, ports) =>
    `{ listeners: { ...Object.fromEntries(many(${count} - 1, (at) => ["other" + at,
      { listen: "tcp://127.0.0.1:0", plugins: [echo()], timeouts: at === ${changed} ? { idle: edits + "s" } : {} }])), bench: { ${web(ports)} } } }`,
  "routes by path": (count, ports) => routes(ports, count, `path: "/app/" + at`),
  "routes by host": (count, ports) => routes(ports, count, `host: "h" + at + ".test"`),
  "routes by client": (count, ports) =>
    only(
      `listen: "tcp://127.0.0.1:${ports.listen}", upstream: "127.0.0.1:${ports.upstream}", plugins: [route({ routes: many(${count}, (at) =>
        ({ client: ["10." + (at >> 8) + "." + (at & 255) + ".0/24"], upstream: "127.0.0.1:" + (at === ${changed} ? edits : ${ports.upstream}) })) })]`,
    ),
  plugins: (count, ports) => only(`${web(ports)}, plugins: many(${count}, (at) => same({ edits: at === ${changed} ? edits : 0 }))`),
  "endpoints in turn": (count, ports) => endpoints(ports, count, "round-robin"),
  "endpoints by load": (count, ports) => endpoints(ports, count, "least-connections"),
  "endpoints by hash": (count, ports) => endpoints(ports, count, "hash"),
  flows: (count, { listen, upstream }) =>
    only(
      `listen: "udp://127.0.0.1:${listen}", upstream: "127.0.0.1:${upstream}", plugins: [same({ edits })]`,
      `limits: { udpSessions: ${count} },`,
    ),
  names: (count, ports) =>
    only(
      `listen: "tcp://127.0.0.1:${ports.listen}", plugins: [elsewhere({ count: ${count}, port: ${ports.upstream} })]`,
      `dns: { servers: ["127.0.0.1:${ports.names}"] },`,
    ),
} satisfies Record<string, ConfigText>;

export type Subject = keyof typeof configs;

const head = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, http, route } from "sluice/plugins";
import { edits } from "./edits.ts";

const same = definePlugin("same", (_options: { edits?: number }) => ({
  borrows: true,
  fromClient: (data) => data.pipe(each((chunk) => chunk)),
  fromUpstream: (data) => data.pipe(each((chunk) => chunk)),
}));
let sessions = 0;
const elsewhere = definePlugin("elsewhere", ({ count, port }: { count: number; port: number }) => ({
  connect: (attempt, session) => {
    sessions += 1;
    session.retarget("n" + (sessions % count) + ".test:" + port);
    return attempt;
  },
}));
const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
void [same, elsewhere, many, echo, http, route, edits];

`;

/** Writes a config, and the file that a save changes. */
export function writeGrown(folder: string, subject: Subject, count: number, ports: Ports): { config: string; edited: string } {
  mkdirSync(folder, { recursive: true });
  const [config, edited] = [join(folder, "proxy.config.ts"), join(folder, "edits.ts")];
  // Another value with each save: the program appends a comment, whose length it is.
  writeFileSync(
    edited,
    `import { readFileSync } from "node:fs";\nexport const edits = 600 + readFileSync(${JSON.stringify(edited)}).length;\n`,
  );
  const text: ConfigText = configs[subject];
  writeFileSync(config, `${head}export default defineConfig({ log: { level: "silent" }, ...${text(count, ports)} });\n`);
  return { config, edited };
}
