// Sluice following a config file. node live-config.js CONFIG FILE-TO-EDIT
//
// Over IPC: any message saves the file with a change in it; the answer tells what the reload cost. "traffic" says whether sessions are
// open, which then get some of the CPU.
import { readFileSync, writeFileSync } from "node:fs";
import { filter, firstValueFrom } from "rxjs";
import { ProxyLog } from "../../../core/runtime/log/logger.ts";
import { LiveConfig } from "../../../core/runtime/proxy/live-config.ts";
import { Proxy } from "../../../core/runtime/proxy/proxy.ts";

const [config = "", edited = ""] = process.argv.slice(2);
const text = readFileSync(edited, "utf8");
const live = await LiveConfig.start(config, { log: new ProxyLog() }, (resolved, options) => Proxy.start(resolved, options));
let edits = 0;

async function edit(): Promise<{ cpuMs: number; wallMs: number }> {
  const over = firstValueFrom(live.proxy.events.pipe(filter(({ type }) => type === "reloaded" || type === "refused")));
  const startedAt = performance.now();
  const before = process.cpuUsage();
  edits += 1;
  writeFileSync(edited, `${text}\n// ${edits}\n`);
  const event = await over;
  if (event.type === "refused") throw event.error;
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - startedAt };
}

process.on("message", () => {
  void edit().then((cost) => process.send?.(cost));
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
