import type { Proxy, SluiceConfig } from "sluice";
import { checkAnswer, checkError } from "./answer-schema.ts";
import { ask, type Answer } from "./http-client.ts";
import { startProxy } from "./with-proxy.ts";

/** A call of the admin API. */
export interface ApiCall {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** The admin server of a proxy under test. Each of its answers is compared with its schema. */
export class AdminApi {
  readonly port: number;
  readonly token: string;

  constructor(url: string) {
    const { port, hash } = new URL(url);
    this.port = Number(port);
    this.token = hash.replace("#token=", "");
  }

  /** Asks with the token, as a tool would; what changes anything says that its body is JSON. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the shape of what is answered, for the test to name
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { json, headers }: ApiCall = {},
  ): Promise<Answer & { readonly value: T }> {
    const text = JSON.stringify(json);
    const body = json === undefined ? {} : { body: text };
    const type = method === "GET" ? {} : { "content-type": "application/json" };
    // Node sends a DELETE's body without saying how long it is.
    const length = json === undefined ? {} : { "content-length": String(Buffer.byteLength(text)) };
    const own = { authorization: `Bearer ${this.token}`, ...type, ...length };
    const answer = await ask(this.port, { method, path: `/api/v1/${path}`, headers: { ...own, ...headers }, ...body });
    if (answer.status === 200) checkAnswer(method, path, answer.told);
    else if (method !== "HEAD") checkError(answer.told);
    return { ...answer, value: answer.told as unknown as T };
  }

  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    const { status, value, body } = await this.call<T>("GET", path);
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${body}`);
    return value;
  }
}

/** Starts a silent proxy with an admin server on a free port; the caller closes it. */
export async function startAdmin(
  config: Omit<SluiceConfig, "admin">,
  admin: object = {},
): Promise<{ proxy: Proxy; api: AdminApi; port: (listener?: string) => number }> {
  const started = await startProxy({ ...config, admin: { listen: "tcp://127.0.0.1:0", ...admin } });
  return { ...started, api: new AdminApi(started.proxy.adminUrl ?? "") };
}
