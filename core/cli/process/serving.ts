import { fileURLToPath } from "node:url";
import { Answers } from "../../admin/answers.ts";
import { Live } from "../../admin/operations/live.ts";
import type { AnswerSource } from "../../admin/server/answer-source.ts";
import type { AdminConfig } from "../../contract/index.ts";
import type { Launch, LiveConfig } from "../../runtime/proxy/live-config.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { AnswersOfWorkers } from "../../workers/first/answers/answers-of-workers.ts";
import type { ProxyOfWorkers } from "../../workers/first/proxy/proxy-of-workers.ts";

/** The script of a worker. */
const exec = fileURLToPath(new URL("../worker-main.js", import.meta.url));

/** Starts a proxy in this process, or as many workers as the config says. */
export function launching(admin: AdminConfig | undefined): Launch<Proxy | ProxyOfWorkers> {
  return async (config, options, loader) => {
    if (config.workers === 1) {
      const { Proxy: Here } = await import("../../runtime/proxy/proxy.ts");
      return Here.start(config, options);
    }
    const { ProxyOfWorkers: Workers } = await import("../../workers/first/proxy/proxy-of-workers.ts");
    return Workers.start(config, options, { exec, loader, admin });
  };
}

/** Answers the requests of the admin API for a running proxy. */
export function answering(live: LiveConfig<Proxy | ProxyOfWorkers>): AnswerSource {
  if (isOfWorkers(live)) return new AnswersOfWorkers(live.proxy, live);
  return new Answers(new Live(live.proxy as Proxy, live as LiveConfig));
}

function isOfWorkers(live: LiveConfig<Proxy | ProxyOfWorkers>): live is LiveConfig<ProxyOfWorkers> {
  return "workers" in live.proxy;
}
